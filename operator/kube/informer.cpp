#include "kube/informer.hpp"

#include <random>
#include <utility>

#include "kube/server_words.hpp"
#include "log/log.hpp"

namespace bailiwick::kube {
namespace {

// A server that is not trusted may show unreadable objects without end.
constexpr std::uint64_t unreadableTold = 10;

using Clock = std::chrono::steady_clock;

constexpr std::size_t maxNamespace = 63, maxName = 253, maxUnreadable = 1000;

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
    if (!std::holds_alternative<WatchFsm::SendPage>(action)) owner_.countUnreadableAnew();
    if (!std::holds_alternative<WatchFsm::Wait>(action)) contact();
    return action;
  }

  WatchFsm::Action perform(const WatchFsm::OpenStream& open, std::stop_token stop) {
    const auto done = transport_.stream(open.request, *this, open.idle, stop);
    owner_.countUnreadableAnew();
    return fsm_.streamEnded(done ? std::nullopt : std::optional<TransportError>(done.error()),
                            Clock::now());
  }

  WatchFsm::Action perform(const WatchFsm::Wait& wait, std::stop_token stop) {
    tell(wait);
    std::unique_lock lock(owner_.mutex_);
    owner_.changed_.wait_for(lock, stop, wait.duration, [] { return false; });
    return fsm_.timerFired(Clock::now());
  }

  // An optional API that is not there is no fault, and said once.
  void tell(const WatchFsm::Wait& wait) {
    const auto& error = fsm_.lastError();
    const bool absent = error && error->kind == ApiError::Kind::NotFound &&
                        fsm_.availability() == WatchFsm::Availability::Absent;
    if (absent && !toldAbsent_) {
      log::info("optional API is not installed", {{"resource", owner_.config_.resource.str()}});
    } else if (error && !absent) {
      log::warn("watch interrupted", {{"resource", owner_.config_.resource.str()},
                                      {"kind", kindName(error->kind)},
                                      {"status", error->status},
                                      {"retry_ms", wait.duration.count()},
                                      {"error", error->message}});
    }
    toldAbsent_ = absent;
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
    if (!fsm_.wentBack()) {
      owner_.wentBackSince_.store(0);
    } else if (owner_.wentBackSince_.load() == 0) {
      owner_.wentBackSince_.store(Clock::now().time_since_epoch().count());
    }
    {
      std::lock_guard lock(owner_.mutex_);
      owner_.lastError_ = fsm_.lastError() ? fsm_.lastError()->message : std::string();
      owner_.stats_ = fsm_.stats();
    }
    owner_.setAvailability(fsm_.availability());
  }

  InformerBase& owner_;
  Transport& transport_;
  WatchFsm fsm_;
  bool toldAbsent_ = false;  // by the last wait
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

bool InformerBase::silent(SteadyTime now) const {
  const auto expected = 2 * std::max(config_.idle, config_.absentRetry);
  return now - lastContact() > expected && !absent();
}

std::optional<SteadyTime> InformerBase::wentBackSince() const {
  const auto since = wentBackSince_.load();
  return since == 0 ? std::nullopt : std::optional(SteadyTime(SteadyTime::duration(since)));
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
  {
    std::lock_guard lock(mutex_);
    synced_.store(true);
    lastError_.clear();
  }
  setAvailability(WatchFsm::Availability::Available);
}

void InformerBase::setAvailability(WatchFsm::Availability availability) {
  const bool changed = availability_.exchange(availability) != availability;
  {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  if (changed && availabilityChanged_) availabilityChanged_();
}

void InformerBase::decodeFailed(const ObjectRef& object, const Error& error) {
  const bool named = object.ns.size() <= maxNamespace && object.name.size() <= maxName;
  decodeErrors_.fetch_add(1);
  if (unreadableNow_.fetch_add(1) < unreadableTold) {
    log::error("object unreadable", {{"resource", config_.resource.str()},
                                     {"namespace", named ? object.ns : "?"},
                                     {"name", named ? object.name : "?"},
                                     {"error", serverWords(error.message)}});
  }
  if (!named) return;  // no object of ours can be meant
  std::lock_guard lock(mutex_);
  if (unreadable_.size() < maxUnreadable) {
    unreadable_.insert({std::string(object.ns), std::string(object.name)});
  } else {
    manyUnreadable_ = true;
  }
}

void InformerBase::countUnreadableAnew() {
  const auto count = unreadableNow_.exchange(0);
  if (count <= unreadableTold) return;
  log::error("more objects were unreadable", {{"resource", config_.resource.str()},
                                              {"count", count - unreadableTold}});
}

void InformerBase::readable(const ObjectRef& object) {
  std::lock_guard lock(mutex_);
  if (unreadable_.empty()) return;
  unreadable_.erase({std::string(object.ns), std::string(object.name)});
}

bool InformerBase::unreadable(const api::Key& key) const {
  std::lock_guard lock(mutex_);
  return manyUnreadable_ || unreadable_.contains(key);
}

std::set<api::Key> InformerBase::unreadable() const {
  std::lock_guard lock(mutex_);
  return unreadable_;
}

bool InformerBase::manyUnreadable() const {
  std::lock_guard lock(mutex_);
  return manyUnreadable_;
}

}  // namespace bailiwick::kube
