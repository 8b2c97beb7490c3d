#pragma once
// Doubly linked lists that own nothing and allocate nothing.

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
  // Of a list that is not empty.
  T& front() { return static_cast<T&>(*root_.next_); }
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

}  // namespace bailiwick::sidecar
