#include "kube/leader_fsm.hpp"

#include <algorithm>
#include <utility>

namespace bailiwick::kube {
namespace {

using std::chrono::milliseconds;

constexpr double renewJitter = 1.2;    // client-go's factor: deadlines must leave room for it
constexpr double acquireJitter = 1.2;  // a wait is 1 to 2.2 periods, so that candidates spread

}  // namespace

Result<void> LeaderConfig::check() const {
  if (ns.empty() || name.empty() || identity.empty()) {
    return fail("leader election needs a namespace, a name and an identity");
  }
  const auto shortest = std::chrono::duration<double, std::milli>(retryPeriod) * renewJitter;
  if (retryPeriod <= milliseconds{0} || renewDeadline <= shortest ||
      leaseDuration <= renewDeadline || leaseDuration < std::chrono::seconds{1}) {
    return fail(
        "leader election needs leaseDuration > renewDeadline > 1.2 * retryPeriod > 0 and a "
        "leaseDuration of at least 1 s");
  }
  return {};
}

LeaderFsm::Action LeaderFsm::attempt(Time now) {
  if (fresh_ && leading(now)) return claimNow(now);
  return Get{};
}

LeaderFsm::Action LeaderFsm::got(const Lease& lease, double random, Time now) {
  observe(lease, now);
  if (heldByAnother(now)) return failed(random);
  return claimNow(now);
}

LeaderFsm::Action LeaderFsm::notFound(Time now) {
  observed_.reset();
  return claimNow(now);
}

LeaderFsm::Action LeaderFsm::written(const Lease& lease, Time now) {
  observe(lease, now);
  if (lease.holder != config_.identity) return Wait{config_.retryPeriod};
  fresh_ = true;
  leadUntil_ = sentAt_ + config_.renewDeadline;
  return Wait{config_.retryPeriod};
}

LeaderFsm::Action LeaderFsm::failed(double random) {
  const bool renewing = std::exchange(fresh_, false);
  if (renewing) return Wait{config_.retryPeriod};
  const auto factor = 1.0 + acquireJitter * random;
  return Wait{std::chrono::duration_cast<milliseconds>(
      std::chrono::duration<double, std::milli>(config_.retryPeriod) * factor)};
}

std::optional<Lease> LeaderFsm::release() {
  leadUntil_ = {};
  if (!observed_ || observed_->holder != config_.identity) return std::nullopt;
  Lease lease = *observed_;
  lease.holder.clear();
  lease.durationSeconds = 1;
  return lease;
}

LeaderFsm::Action LeaderFsm::claimNow(Time now) {
  sentAt_ = now;
  if (observed_) return Update{claim()};
  return Create{claim()};
}

Lease LeaderFsm::claim() const {
  Lease lease = observed_.value_or(Lease{});
  if (lease.holder != config_.identity) {
    lease.acquireTime.clear();
    if (observed_) ++lease.transitions;
  }
  lease.holder = config_.identity;
  lease.durationSeconds =
      static_cast<int>(std::chrono::ceil<std::chrono::seconds>(config_.leaseDuration).count());
  return lease;
}

void LeaderFsm::observe(const Lease& lease, Time now) {
  if (observed_ == lease) return;
  observed_ = lease;
  observedAt_ = now;
}

// The holder says for how long its lease is good; no shorter than ours, lest a wrong record lets
// two lead.
bool LeaderFsm::heldByAnother(Time now) const {
  if (observed_->holder.empty() || observed_->holder == config_.identity) return false;
  const milliseconds stated = std::chrono::seconds{observed_->durationSeconds};
  return now < observedAt_ + std::max(stated, config_.leaseDuration);
}

}  // namespace bailiwick::kube
