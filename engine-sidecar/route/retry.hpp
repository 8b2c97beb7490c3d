#pragma once
// When a request may be sent again, and the memory that its copy takes.

#include <atomic>
#include <cstdint>

#include "config/config.hpp"
#include "route/paths.hpp"

namespace bailiwick::sidecar {

// How one attempt failed.
struct Attempt {
  bool accepted = false;       // any byte of the request may have been read by the backend
  bool answerStarted = false;  // a byte has gone to the client
  bool copyComplete = false;   // all that was read of the request so far is kept
};

// Safe only before the first byte of an answer; then for what is repeatable, else for what the
// backend cannot have seen.
bool mayRetry(Operation operation, const Attempt& attempt);

// Bounds retries to a fifth of the requests, so that a failing fleet is not asked twice for all; a
// reserve lets everything in flight be retried when one backend dies. For one thread at a time.
class RetryBudget {
 public:
  explicit RetryBudget(const Limits& limits);
  void request();
  bool take();  // one retry

 private:
  std::int64_t tokens_;  // fifths of a retry
  std::int64_t most_;
};

// Bytes kept of requests, for retries and for shadow copies together. May be shared by threads.
class CopyMemory {
 public:
  explicit CopyMemory(const RetrySettings& settings);

  // Grows one request's copy from `held` by `more`; false, and nothing changes, where that would
  // pass a limit.
  bool grow(std::int64_t held, std::int64_t more);
  void release(std::int64_t held);
  std::int64_t used() const { return used_; }

 private:
  const std::int64_t perRequest_, total_;
  std::atomic<std::int64_t> used_{0};
};

}  // namespace bailiwick::sidecar
