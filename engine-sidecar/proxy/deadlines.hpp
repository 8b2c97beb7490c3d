#pragma once
// Timeouts of many sessions by one coarse tick instead of a timer each: setting one is a store.

#include <chrono>

#include "proxy/event_loop.hpp"
#include "route/health.hpp"

namespace bailiwick::sidecar {

// A member of a doubly linked list, which it leaves when it ends.
template <class T>
class Hook {
 public:
  Hook() = default;
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;
  ~Hook() { unlink(); }

  void unlink() {
    if (!next_) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class U>
  friend class HookList;
  Hook* next_ = nullptr;
  Hook* previous_ = nullptr;
};

template <class T>
class HookList {
 public:
  HookList() { root_.next_ = root_.previous_ = &root_; }
  ~HookList() {
    while (!empty()) root_.next_->unlink();
    root_.next_ = root_.previous_ = nullptr;
  }
  bool empty() const { return root_.next_ == &root_; }
  void push(Hook<T>& hook) {
    hook.unlink();
    hook.next_ = &root_;
    hook.previous_ = root_.previous_;
    root_.previous_->next_ = &hook;
    root_.previous_ = &hook;
  }
  // Each in turn; `use` may end the one it is given, but no other.
  template <class Use>
  void each(Use use) {
    for (Hook<T>* hook = root_.next_; hook != &root_;) {
      Hook<T>* next = hook->next_;
      use(static_cast<T&>(*hook));
      hook = next;
    }
  }

 private:
  Hook<T> root_;
};

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
