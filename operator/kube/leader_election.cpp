#include "kube/leader_election.hpp"

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

#include "kube/client.hpp"
#include "log/log.hpp"

namespace bailiwick::kube {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

api::Time wallNow() {
  return std::chrono::time_point_cast<api::Time::duration>(std::chrono::system_clock::now());
}

std::function<double()> randomSource() {
  return [engine = std::minstd_rand(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

}  // namespace

LeaderElection::LeaderElection(LeaderConfig config, Transport& transport, Callbacks callbacks)
    : config_(config),
      transport_(transport),
      callbacks_(std::move(callbacks)),
      fsm_(std::move(config)),
      random_(randomSource()) {}

LeaderElection::~LeaderElection() {
  stop();
}

void LeaderElection::start() {
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void LeaderElection::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

bool LeaderElection::isLeader() const {
  return Clock::now().time_since_epoch().count() < leadUntil_.load();
}

milliseconds LeaderElection::margin() const {
  return config_.leaseDuration - config_.renewDeadline;
}

void LeaderElection::run(std::stop_token stop) {
  auto action = fsm_.attempt(Clock::now());
  while (!stop.stop_requested()) {
    action = std::visit([&](const auto& wanted) { return perform(wanted, stop); }, action);
    publish();
  }
  releaseLease();
}

LeaderFsm::Action LeaderElection::perform(const LeaderFsm::Get&, std::stop_token stop) {
  const auto lease =
      read<Lease>(transport_, timed(get(resources::leases, {config_.ns, config_.name})),
                  std::move(stop), decodeLease);
  if (lease) return fsm_.got(*lease, random_(), Clock::now());
  if (lease.error().kind == ApiError::Kind::NotFound) return fsm_.notFound(Clock::now());
  return failed(lease.error());
}

LeaderFsm::Action LeaderElection::perform(const LeaderFsm::Create& wanted, std::stop_token stop) {
  return written(
      create(resources::leases, config_.ns, newLeaseBody(config_.name, wanted.lease, wallNow())),
      std::move(stop));
}

LeaderFsm::Action LeaderElection::perform(const LeaderFsm::Update& update, std::stop_token stop) {
  return written(mergePatch(resources::leases, {config_.ns, config_.name},
                            leasePatchBody(update.lease, wallNow())),
                 std::move(stop));
}

// Wakes at the end of its confidence too, so that the loss is noticed on time.
LeaderFsm::Action LeaderElection::perform(const LeaderFsm::Wait& wait, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  const auto now = Clock::now();
  auto until = now + wait.duration;
  if (fsm_.leading(now)) until = std::min(until, fsm_.leadUntil());
  never.wait_until(lock, stop, until, [] { return false; });
  return fsm_.attempt(Clock::now());
}

LeaderFsm::Action LeaderElection::written(Request request, std::stop_token stop) {
  const auto lease =
      read<Lease>(transport_, timed(std::move(request)), std::move(stop), decodeLease);
  return lease ? fsm_.written(*lease, Clock::now()) : failed(lease.error());
}

LeaderFsm::Action LeaderElection::failed(const ApiError& error) {
  if (error.transport != TransportError::Kind::Cancelled) {
    log::warn("leader election failed", {{"namespace", config_.ns},
                                         {"lease", config_.name},
                                         {"kind", kindName(error.kind)},
                                         {"error", error.message}});
  }
  return fsm_.failed(random_());
}

// Short enough that another attempt fits before the deadline, and never past the end of leading.
Request LeaderElection::timed(Request request) const {
  const auto now = Clock::now();
  request.deadline = std::min(deadline::quick, config_.renewDeadline / 2);
  if (fsm_.leading(now)) {
    const auto left = std::chrono::ceil<milliseconds>(fsm_.leadUntil() - now);
    request.deadline = std::min(request.deadline, left);
  }
  return request;
}

void LeaderElection::publish() {
  leadUntil_.store(fsm_.leadUntil().time_since_epoch().count());
  const bool leads = fsm_.leading(Clock::now());
  if (leads == wasLeading_) return;
  wasLeading_ = leads;
  log::info("leader election", {{"namespace", config_.ns},
                                {"lease", config_.name},
                                {"identity", config_.identity},
                                {"leading", leads}});
  const auto& tell = leads ? callbacks_.started : callbacks_.lost;
  if (tell) tell();
}

// Writes stop before the lease is given up. A renewal that was cut off by stop() may have been
// stored: then the lease is read once more, and given up as it is.
void LeaderElection::releaseLease() {
  auto lease = fsm_.release();
  leadUntil_.store(0);
  if (!lease || released(*lease)) return;
  const auto stored = read<Lease>(transport_, timed(get(resources::leases, {config_.ns, config_.name})),
                                  {}, decodeLease);
  if (!stored || stored->holder != config_.identity) return;
  lease->resourceVersion = stored->resourceVersion;
  released(*lease);
}

bool LeaderElection::released(const Lease& lease) {
  const auto request = timed(
      mergePatch(resources::leases, {config_.ns, config_.name}, leasePatchBody(lease, wallNow())));
  const auto done = write(transport_, request, {});
  if (done) return true;
  log::warn("lease not released", {{"namespace", config_.ns},
                                   {"lease", config_.name},
                                   {"error", done.error().message}});
  return false;
}

}  // namespace bailiwick::kube
