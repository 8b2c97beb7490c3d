#pragma once
// How many peers are approached at a time. A connection begins with a TLS handshake, and what takes
// longer than a probe waits is thrown away and begun again: of too many at once none ever comes through.
// First come, first served; whoever takes a place for too long holds up nobody any more. Nobody waits in
// here: who finds no place asks again at its next turn.

#include <cstddef>
#include <mutex>
#include <vector>

#include "kube/watch.hpp"

namespace bailiwick::peers {

class Approach {
 public:
  // More peers than this at once are rare outside of a start.
  static constexpr std::size_t usualPlaces = 16;

  explicit Approach(std::size_t places = usualPlaces) : places_(places) {}

  // Whether this visitor has a place, or finds one now, which is its own for `stay` or until it leaves.
  bool enter(const void* visitor, kube::SteadyTime now, std::chrono::milliseconds stay);
  // Gives back its place, or ends its wait for one.
  void leave(const void* visitor);

 private:
  struct Guest {
    const void* visitor;
    kube::SteadyTime until;  // its place is its own; or it is still taken to wait
  };

  const std::size_t places_;
  std::mutex mutex_;
  std::vector<Guest> inside_, waiting_;  // both in the order in which they came
};

}  // namespace bailiwick::peers
