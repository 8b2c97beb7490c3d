#pragma once
// Whether a thread still moves: it says what it begins, and others ask for how long it has been at it.

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace bailiwick::reconcile {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  void begin(std::string what, Clock::time_point now = Clock::now());
  // Nothing is under way; it may take any time until something is.
  void rest();
  // "WHAT for N s" where it has been at it for longer than `patience`; else empty.
  std::string stuck(std::chrono::seconds patience, Clock::time_point now) const;

 private:
  mutable std::mutex mutex_;
  std::optional<std::pair<std::string, Clock::time_point>> begun_;
};

}  // namespace bailiwick::reconcile
