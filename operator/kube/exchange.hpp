#pragma once
// One request under way: where the transport's threads, which bring head, chunks and end, meet the
// one thread that waits. Knows no HTTP library.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <tl/expected.hpp>

#include "kube/transport.hpp"

namespace bailiwick::kube {

// Calls a sink: until it returns, Exchange::insideSink() holds on this thread. Nothing that it throws
// comes out: that is a Misuse.
tl::expected<bool, TransportError> giveToSink(const std::function<bool()>& call);

class Exchange {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Taken {
    Yes,
    Later,  // the head has not come yet; `later` will say
    Stop,   // nobody wants more
  };

  explicit Exchange(StreamSink& sink) : sink_(&sink), lastByte_(Clock::now()) {}

  // The transport's side.
  void head(const ResponseHead& head);
  // The bytes stay valid until Yes or Stop has been answered.
  Taken chunk(std::string_view bytes, std::function<void(Taken)> later);
  void finished(std::optional<TransportError> error);

  // The waiting side. Without `idle` the whole exchange may take `deadline`; with it the head may,
  // and then each silence may take `idle`. Once it has returned the sink is never called again.
  tl::expected<void, TransportError> wait(std::chrono::milliseconds deadline,
                                          std::optional<std::chrono::milliseconds> idle,
                                          std::stop_token stop);

  // After wait(): whether the server has sent all it had to send.
  bool complete();
  // 0: no head has come.
  int status();

  // Whether the calling thread is in a sink: it must not wait for an answer, which might need it.
  static bool insideSink();

 private:
  Taken callSink(const std::function<bool()>& call);
  Taken deliver(std::string_view bytes);
  void detach(std::unique_lock<std::mutex> lock);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  StreamSink* sink_;  // nullptr: nobody wants more
  Clock::time_point lastByte_;
  int status_ = 0;
  bool headSeen_ = false;
  bool complete_ = false;
  bool done_ = false;
  std::optional<TransportError> error_;
  std::string_view early_;
  std::function<void(Taken)> later_;
};

}  // namespace bailiwick::kube
