#include "kube/exchange.hpp"

#include <exception>
#include <string>
#include <utility>

namespace bailiwick::kube {
namespace {

using Kind = TransportError::Kind;

thread_local bool insideSinkNow = false;

std::string seconds(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

}  // namespace

tl::expected<bool, TransportError> giveToSink(const std::function<bool()>& call) {
  insideSinkNow = true;
  tl::expected<bool, TransportError> goOn = false;
  try {
    goOn = call();
  } catch (const std::exception& exception) {
    goOn = tl::unexpected(
        TransportError{Kind::Misuse, std::string("a sink threw: ") + exception.what()});
  } catch (...) {
    goOn = tl::unexpected(TransportError{Kind::Misuse, "a sink threw"});
  }
  insideSinkNow = false;
  return goOn;
}

bool Exchange::insideSink() {
  return insideSinkNow;
}

Exchange::Taken Exchange::callSink(const std::function<bool()>& call) {
  if (!sink_) return Taken::Stop;
  auto given = giveToSink(call);
  if (given && *given) return Taken::Yes;
  if (!given) error_ = std::move(given.error());
  sink_ = nullptr;
  done_ = true;
  changed_.notify_all();
  return Taken::Stop;
}

Exchange::Taken Exchange::deliver(std::string_view bytes) {
  lastByte_ = Clock::now();
  return callSink([&] { return sink_->onChunk(bytes); });
}

void Exchange::head(const ResponseHead& head) {
  std::unique_lock lock(mutex_);
  headSeen_ = true;
  status_ = head.status;
  lastByte_ = Clock::now();
  auto taken = callSink([&] { return sink_->onHead(head); });
  changed_.notify_all();  // another deadline counts from now on
  const auto later = std::exchange(later_, nullptr);
  if (!later) return;
  if (taken == Taken::Yes) taken = deliver(std::exchange(early_, {}));
  lock.unlock();
  later(taken);
}

Exchange::Taken Exchange::chunk(std::string_view bytes, std::function<void(Taken)> later) {
  std::lock_guard lock(mutex_);
  if (!sink_) return Taken::Stop;
  if (headSeen_) return deliver(bytes);
  early_ = bytes;
  later_ = std::move(later);
  return Taken::Later;
}

void Exchange::finished(std::optional<TransportError> error) {
  std::lock_guard lock(mutex_);
  if (done_) return;
  done_ = true;
  complete_ = !error;
  error_ = std::move(error);
  changed_.notify_all();
}

tl::expected<void, TransportError> Exchange::wait(std::chrono::milliseconds deadline,
                                                  std::optional<std::chrono::milliseconds> idle,
                                                  std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const auto start = Clock::now();
  const auto limit = [&] { return idle && headSeen_ ? lastByte_ + *idle : start + deadline; };
  while (!done_ && !stop.stop_requested() && Clock::now() < limit()) {
    const bool hadHead = headSeen_;
    changed_.wait_until(lock, stop, limit(), [&] { return done_ || headSeen_ != hadHead; });
  }
  if (!done_) {
    const auto waited = idle && headSeen_ ? *idle : deadline;
    error_ = stop.stop_requested()
                 ? TransportError{Kind::Cancelled, "cancelled"}
                 : TransportError{Kind::Timeout, "no answer within " + seconds(waited)};
  }
  const auto error = error_;
  detach(std::move(lock));
  if (error) return tl::unexpected(*error);
  return {};
}

bool Exchange::complete() {
  std::lock_guard lock(mutex_);
  return complete_;
}

int Exchange::status() {
  std::lock_guard lock(mutex_);
  return status_;
}

void Exchange::detach(std::unique_lock<std::mutex> lock) {
  sink_ = nullptr;
  done_ = true;
  const auto later = std::exchange(later_, nullptr);
  lock.unlock();
  if (later) later(Taken::Stop);
}

}  // namespace bailiwick::kube
