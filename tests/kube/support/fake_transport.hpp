#pragma once
// A transport whose answers are functions, without sockets.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "kube/transport.hpp"

namespace bailiwick::kube::test {

// Feeds one stream: bytes given at any time reach the sink on the feeding thread.
class FakeTransport final : public Transport {
 public:
  using Send = std::function<tl::expected<Response, TransportError>(const Request&)>;

  explicit FakeTransport(Send send = {}) : send_(std::move(send)) {}

  tl::expected<Response, TransportError> send(const Request& request, std::stop_token) override {
    if (send_) return send_(request);
    return tl::unexpected(TransportError{TransportError::Kind::Unreachable, "no script"});
  }

  // Hands on what feed() has queued until it is told to end or stopped.
  tl::expected<void, TransportError> stream(const Request& request, StreamSink& sink,
                                            std::chrono::milliseconds,
                                            std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    streams_.push_back(request);
    changed_.notify_all();
    if (!sink.onHead({200, "application/json", std::nullopt})) return {};
    while (changed_.wait(lock, stop, [this] { return !pending_.empty(); })) {
      const auto bytes = std::move(pending_.front());
      pending_.pop_front();
      if (bytes.empty()) return {};
      lock.unlock();
      const bool goOn = sink.onChunk(bytes);
      lock.lock();
      ++handled_;
      changed_.notify_all();
      if (!goOn) return {};
    }
    return tl::unexpected(TransportError{TransportError::Kind::Cancelled, "cancelled"});
  }

  // Returns once the sink has had it.
  void feed(const std::string& line) {
    std::unique_lock lock(mutex_);
    pending_.push_back(line + "\n");
    changed_.notify_all();
    const int target = ++fed_;
    changed_.wait(lock, [&] { return handled_ >= target; });
  }
  void endStream() {
    std::lock_guard lock(mutex_);
    pending_.push_back("");
    changed_.notify_all();
  }
  Request waitForStream(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return streams_.size() >= count; });
    return streams_[count - 1];
  }

 private:
  Send send_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> pending_;
  std::vector<Request> streams_;
  int fed_ = 0, handled_ = 0;
};

inline Response jsonResponse(int status, std::string body) {
  Response response{{status, "application/json", std::nullopt}, std::move(body)};
  response.body.reserve(response.body.size() + 64);
  return response;
}

}  // namespace bailiwick::kube::test
