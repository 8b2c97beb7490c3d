#pragma once
// One io_context of one thread, and what coroutines on it wait with. Nothing here may be touched by
// another thread but through asio::post.

#include <utility>  // before Boost.Asio 1.74, which needs it and does not include it

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "proxy/hook_list.hpp"

namespace bailiwick::sidecar {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;
template <class T>
using Task = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> useAwaitable;

// Is told that something may have become possible; finds out itself what.
class ReadyListener {
 public:
  virtual void ready() = 0;

 protected:
  ~ReadyListener() = default;
};

// Lets one coroutine sleep until any of several things happens. Whoever wakes it has left a mark of
// what happened; ready() without a sleeper does nothing, so marks are looked at before each wait.
// All of one event loop are in one list, because a sleeper holds itself: nothing else could end it.
class Waiter final : public ReadyListener, public Hook<Waiter> {
 public:
  explicit Waiter(HookList<Waiter>& all) { all.push(*this); }

  Task<void> wait() {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(Start{this},
                                                                               useAwaitable);
  }
  // Resumes the sleeper at once, on this stack.
  void ready() override {
    if (!sleeper_) return;
    auto sleeper = std::move(*sleeper_);
    sleeper_.reset();
    sleeper();
  }
  // Ends the sleeper where it is, and this with it if the sleeper owns it.
  void abandon() {
    unlink();
    const auto sleeper = std::exchange(sleeper_, std::nullopt);
  }

 private:
  using Sleeper = asio::async_result<asio::use_awaitable_t<Executor>, void()>::handler_type;
  struct Start {
    Waiter* waiter;
    void operator()(Sleeper sleeper) const { waiter->sleeper_.emplace(std::move(sleeper)); }
  };
  std::optional<Sleeper> sleeper_;
};

}  // namespace bailiwick::sidecar
