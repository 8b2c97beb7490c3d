#pragma once
// Idle connections to upstreams, of one thread. One that its server closes leaves at once.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/deadlines.hpp"
#include "proxy/stream.hpp"

namespace bailiwick::sidecar {

class UpstreamPool {
 public:
  // An open stream, the one used last, or a closed one.
  Stream take(const std::string& key);
  // Nothing of an earlier answer is left on it.
  void give(const std::string& key, Stream stream, Instant now);
  // Closes what has been idle for too long.
  void sweep(Instant now);
  void clear() { idle_.clear(); }

 private:
  static constexpr std::chrono::seconds maxIdle{60};
  static constexpr std::size_t maxPerKey = 1024;

  struct Idle final : ReadyListener {
    Idle(UpstreamPool& owner, const std::string& group, Stream idle, Instant at)
        : pool(owner), key(&group), stream(std::move(idle)), since(at) {}
    // Data without a request, or an end: either way it is of no use.
    void ready() override {
      if (stream.mayRead() && !stream.peek().again()) pool.drop(*this);
    }

    UpstreamPool& pool;
    const std::string* key;  // of its group in the map
    Stream stream;
    Instant since;
  };
  using Group = std::vector<std::unique_ptr<Idle>>;

  void drop(const Idle& idle);

  std::unordered_map<std::string, Group> idle_;
};

}  // namespace bailiwick::sidecar
