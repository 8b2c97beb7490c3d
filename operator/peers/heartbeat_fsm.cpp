#include "peers/heartbeat_fsm.hpp"

#include <algorithm>

namespace bailiwick::peers {
namespace {

using std::chrono::milliseconds;

constexpr int durationSeconds = 3;  // told to people who read the Lease; peers judge for themselves

}  // namespace

std::string heartbeatName(const std::string& region) { return "bailiwick-region-" + region; }

HeartbeatFsm::Action HeartbeatFsm::attempt(Role role, Time now) {
  role_ = role;
  turnAt_ = now;
  if (role_ == Role::Unfit) return Wait{config_.period};
  if (ours_) return Update{claim()};
  return Get{};
}

HeartbeatFsm::Action HeartbeatFsm::got(const kube::Lease& lease, Time now) {
  observe(lease, now);
  const bool mine = lease.holder == config_.identity || lease.holder.empty();
  const bool dead = now - *changedAt_ >= config_.takeOverAfter;
  if (role_ == Role::Leader || mine || dead) return Update{claim()};
  return Wait{config_.period};
}

HeartbeatFsm::Action HeartbeatFsm::notFound(Time now) {
  if (observed_ || !changedAt_) changedAt_ = now;
  observed_.reset();
  ours_ = false;
  if (role_ == Role::Leader || now - *changedAt_ >= config_.takeOverAfter) return Create{claim()};
  return Wait{config_.period};
}

HeartbeatFsm::Action HeartbeatFsm::written(const kube::Lease& lease, Time now) {
  observe(lease, now);
  ours_ = lease.holder == config_.identity;
  const auto took = std::chrono::duration_cast<milliseconds>(now - turnAt_);
  return Wait{std::max(config_.period - took, milliseconds{0})};
}

HeartbeatFsm::Action HeartbeatFsm::failed(bool refused) {
  ours_ = false;
  return Wait{refused ? config_.refusedRetry : config_.period};
}

kube::Lease HeartbeatFsm::claim() const {
  kube::Lease lease = observed_.value_or(kube::Lease{});
  if (observed_ && lease.holder != config_.identity) {
    ++lease.transitions;
    lease.acquireTime.clear();
  }
  lease.holder = config_.identity;
  lease.durationSeconds = durationSeconds;
  return lease;
}

void HeartbeatFsm::observe(const kube::Lease& lease, Time now) {
  if (!observed_ || observed_->renewTime != lease.renewTime || observed_->holder != lease.holder ||
      !changedAt_) {
    changedAt_ = now;
  }
  observed_ = lease;
}

}  // namespace bailiwick::peers
