#pragma once
// How many requests are served at once: places, a queue with a deadline, and a bound per API key.
// For one thread at a time.

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.hpp"
#include "route/health.hpp"
#include "route/refusal.hpp"

namespace bailiwick::sidecar {

class Admission {
 public:
  // Names one request from arrive() until leave(), give-up or expiry; never given twice.
  using Ticket = std::uint64_t;

  explicit Admission(const Limits& limits);

  struct Arrival {
    Ticket ticket = 0;
    bool admitted = false;           // else it waits, unless refused
    std::optional<Refusal> refused;  // 429; the ticket means nothing
  };
  // `key`: the client's name, or empty where no keys are asked for, which no bound per key holds.
  Arrival arrive(std::string_view key, Instant now);

  // An admitted request has ended, or a waiting one was given up. Those that are admitted in its
  // place follow, the longest waiting first.
  std::vector<Ticket> leave(Ticket ticket, Instant now);
  // Waiting requests whose deadline has passed: each is out, and answered 429.
  std::vector<Ticket> expire(Instant now);
  // When expire() has something to do.
  std::optional<Instant> nextDeadline() const;
  // What a request hears whose waiting has ended.
  Refusal expired() const;

  int inFlight() const { return inFlight_; }
  int queued() const { return static_cast<int>(queue_.size()); }

 private:
  struct Waiting {
    Ticket ticket;
    Instant deadline;
  };
  struct Known {
    std::string key;
    Instant since;                                      // of its admission, or arrival
    std::optional<std::list<Waiting>::iterator> place;  // while it waits
  };
  // With a Retry-After by which, as requests go now, a place should be free.
  Refusal overLimit(std::string message) const;
  void forget(std::unordered_map<Ticket, Known>::iterator it);

  const Limits limits_;
  int inFlight_ = 0;
  Ticket last_ = 0;
  double meanSeconds_ = 1.0;  // that a request takes, moving
  std::list<Waiting> queue_;
  std::unordered_map<Ticket, Known> known_;
  std::unordered_map<std::string, int> perKey_;
};

}  // namespace bailiwick::sidecar
