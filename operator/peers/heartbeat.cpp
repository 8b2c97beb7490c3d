#include "peers/heartbeat.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "kube/client.hpp"
#include "log/log.hpp"

namespace bailiwick::peers {
namespace {

using Clock = std::chrono::steady_clock;

// A renewal that takes longer says nothing in time.
constexpr std::chrono::milliseconds turnDeadline{2'000};

api::Time wallNow() {
  return std::chrono::time_point_cast<api::Time::duration>(std::chrono::system_clock::now());
}

kube::Request timed(kube::Request request) {
  request.deadline = turnDeadline;
  return request;
}

}  // namespace

Heartbeat::Heartbeat(HeartbeatConfig config, kube::Transport& transport,
                     std::function<HeartbeatFsm::Role()> role)
    : name_(heartbeatName(config.region)),
      transport_(transport),
      role_(std::move(role)),
      fsm_(std::move(config)) {}

Heartbeat::~Heartbeat() { stop(); }

void Heartbeat::start() {
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void Heartbeat::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Heartbeat::run(std::stop_token stop) {
  auto action = fsm_.attempt(role_(), Clock::now());
  while (!stop.stop_requested()) {
    action = std::visit([&](const auto& wanted) { return perform(wanted, stop); }, action);
  }
}

HeartbeatFsm::Action Heartbeat::perform(const HeartbeatFsm::Get&, std::stop_token stop) {
  const auto lease = kube::read<kube::Lease>(
      transport_, timed(kube::get(kube::resources::leases, {heartbeatNamespace, name_})),
      std::move(stop), kube::decodeLease);
  if (lease) return fsm_.got(*lease, Clock::now());
  if (lease.error().kind == kube::ApiError::Kind::NotFound) return fsm_.notFound(Clock::now());
  return failed(lease.error());
}

HeartbeatFsm::Action Heartbeat::perform(const HeartbeatFsm::Create& wanted, std::stop_token stop) {
  return written(kube::create(kube::resources::leases, heartbeatNamespace,
                              kube::newLeaseBody(name_, wanted.lease, wallNow())),
                 std::move(stop));
}

HeartbeatFsm::Action Heartbeat::perform(const HeartbeatFsm::Update& update, std::stop_token stop) {
  return written(kube::mergePatch(kube::resources::leases, {heartbeatNamespace, name_},
                                  kube::leasePatchBody(update.lease, wallNow())),
                 std::move(stop));
}

HeartbeatFsm::Action Heartbeat::perform(const HeartbeatFsm::Wait& wait, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, wait.duration, [] { return false; });
  return fsm_.attempt(role_(), Clock::now());
}

HeartbeatFsm::Action Heartbeat::written(kube::Request request, std::stop_token stop) {
  const auto lease = kube::read<kube::Lease>(transport_, timed(std::move(request)),
                                             std::move(stop), kube::decodeLease);
  if (!lease) return failed(lease.error());
  failing_ = false;
  return fsm_.written(*lease, Clock::now());
}

HeartbeatFsm::Action Heartbeat::failed(const kube::ApiError& error) {
  using Kind = kube::ApiError::Kind;
  const bool raced = error.kind == Kind::Conflict || error.kind == Kind::AlreadyExists ||
                     error.transport == kube::TransportError::Kind::Cancelled;
  if (!raced && !std::exchange(failing_, true)) {
    log::warn("the region's heartbeat cannot be renewed; peers will count it as lost",
              {{"namespace", heartbeatNamespace}, {"lease", name_}, {"error", error.message}});
  }
  return fsm_.failed(!raced && !error.retryable());
}

}  // namespace bailiwick::peers
