#pragma once
// Timeouts of many sessions by one coarse tick instead of a timer each: setting one is a store.

#include <chrono>

#include "proxy/event_loop.hpp"
#include "route/health.hpp"

namespace bailiwick::sidecar {

class Deadline : public Hook<Deadline> {
 public:
  explicit Deadline(ReadyListener& listener) : listener_(&listener) {}

  void set(Instant at) {
    at_ = at;
    passed_ = false;
  }
  void clear() { set(Instant::max()); }
  // Known by the next tick.
  bool passed() const { return passed_; }

 private:
  friend class Deadlines;
  Instant at_ = Instant::max();
  bool passed_ = false;
  ReadyListener* listener_;
};

class Deadlines {
 public:
  static constexpr std::chrono::milliseconds tick{50};

  void add(Deadline& deadline) { all_.push(deadline); }
  bool empty() const { return all_.empty(); }
  // Marks what has passed and tells its listeners.
  void expire(Instant now) {
    all_.each([now](Deadline& deadline) {
      if (deadline.at_ > now || deadline.passed_) return;
      deadline.passed_ = true;
      deadline.listener_->ready();
    });
  }

 private:
  HookList<Deadline> all_;
};

}  // namespace bailiwick::sidecar
