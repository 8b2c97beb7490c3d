#include "kube/informer.hpp"

#include <spdlog/spdlog.h>
#include <random>
#include <utility>

namespace bailiwick::kube {
namespace {

using Clock = std::chrono::steady_clock;

std::function<double()> randomSource() {
  return [engine = std::minstd_rand(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

}  // namespace

// Performs what the state machine asks for. Its sink side runs on transport threads, but only while
// the informer's thread waits in stream(): the machine itself is never used by two at once.
class InformerBase::Driver final : private StreamSink {
 public:
  Driver(InformerBase& owner, Transport& transport)
      : owner_(owner), transport_(transport), fsm_(owner.config_, owner.sink(), randomSource()) {}

  void run(std::stop_token stop) {
    auto action = fsm_.start(Clock::now());
    while (!stop.stop_requested()) {
      publish();
      action = std::visit([&](const auto& wanted) { return perform(wanted, stop); }, action);
    }
  }

 private:
  WatchFsm::Action perform(const WatchFsm::SendPage& page, std::stop_token stop) {
    const auto response = transport_.send(page.request, stop);
    if (!response) return fsm_.pageFailed(response.error(), Clock::now());
    auto action = fsm_.pageReceived(*response, Clock::now());
    if (!std::holds_alternative<WatchFsm::Wait>(action)) contact();
    return action;
  }

  WatchFsm::Action perform(const WatchFsm::OpenStream& open, std::stop_token stop) {
    const auto done = transport_.stream(open.request, *this, open.idle, stop);
    return fsm_.streamEnded(done ? std::nullopt : std::optional<TransportError>(done.error()),
                            Clock::now());
  }

  WatchFsm::Action perform(const WatchFsm::Wait& wait, std::stop_token stop) {
    if (const auto& error = fsm_.lastError()) {
      spdlog::warn("watch interrupted resource={} kind={} status={} retry_ms={} message=\"{}\"",
                   owner_.config_.resource.str(), kindName(error->kind), error->status,
                   wait.duration.count(), error->message);
    }
    std::unique_lock lock(owner_.mutex_);
    owner_.changed_.wait_for(lock, stop, wait.duration, [] { return false; });
    return fsm_.timerFired(Clock::now());
  }

  bool onHead(const ResponseHead& head) override {
    const bool goOn = fsm_.streamHead(head, Clock::now());
    publish();
    return goOn;
  }

  bool onChunk(std::string_view bytes) override {
    const bool goOn = fsm_.streamChunk(bytes);
    if (goOn) contact();
    return goOn;
  }

  void contact() {
    owner_.lastContact_.store(Clock::now().time_since_epoch().count());
    std::lock_guard lock(owner_.mutex_);
    owner_.stats_ = fsm_.stats();
  }

  void publish() {
    std::lock_guard lock(owner_.mutex_);
    owner_.availability_.store(fsm_.availability());
    owner_.lastError_ = fsm_.lastError() ? fsm_.lastError()->message : std::string();
    owner_.stats_ = fsm_.stats();
    owner_.changed_.notify_all();
  }

  InformerBase& owner_;
  Transport& transport_;
  WatchFsm fsm_;
};

InformerBase::InformerBase(WatchConfig config) : config_(std::move(config)) {}
InformerBase::~InformerBase() = default;

void InformerBase::start(Transport& transport) {
  thread_ = std::jthread(
      [this, &transport](std::stop_token stop) { Driver(*this, transport).run(std::move(stop)); });
}

void InformerBase::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

bool InformerBase::waitSettled(std::chrono::milliseconds timeout, std::stop_token stop) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, stop, timeout, [this] { return settled(); });
}

SteadyTime InformerBase::lastContact() const {
  return SteadyTime(SteadyTime::duration(lastContact_.load()));
}

std::string InformerBase::lastResourceVersion() const {
  std::lock_guard lock(mutex_);
  return version_;
}

std::string InformerBase::lastError() const {
  std::lock_guard lock(mutex_);
  return lastError_;
}

WatchFsm::Stats InformerBase::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

void InformerBase::publishVersion(std::string_view resourceVersion) {
  std::lock_guard lock(mutex_);
  version_ = resourceVersion;
}

void InformerBase::publishSynced() {
  std::lock_guard lock(mutex_);
  synced_.store(true);
  availability_.store(WatchFsm::Availability::Available);
  lastError_.clear();
  changed_.notify_all();
}

void InformerBase::decodeFailed(const ObjectRef& object, const Error& error) {
  decodeErrors_.fetch_add(1);
  spdlog::error("object unreadable resource={} namespace={} name={} message=\"{}\"",
                config_.resource.str(), object.ns, object.name, error.message);
}

}  // namespace bailiwick::kube
