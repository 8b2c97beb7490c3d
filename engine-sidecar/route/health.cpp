#include "route/health.hpp"

#include <algorithm>
#include <limits>

namespace bailiwick::sidecar {
namespace {

// One slow answer of a busy engine is no outage; an address where nothing listens is.
constexpr int failedProbesForDown = 2;
constexpr double leastRamp = 0.1;
constexpr Instant::rep never = std::numeric_limits<Instant::rep>::min();

Instant::rep ticks(Instant at) {
  return at.time_since_epoch().count();
}

}  // namespace

bool isServerFault(int status) {
  return status == 502 || status == 503 || status == 504;
}

Health::Health(const Outliers& settings, bool probed)
    : settings_(settings),
      probed_(probed ? HealthState::Unknown : HealthState::Healthy),
      ejectedUntil_(never),
      rampFrom_(never) {}

void Health::probe(ProbeResult result, Instant now) {
  if (result == ProbeResult::Passed) {
    failedProbes_ = 0;
    if (probed_.exchange(HealthState::Healthy) == HealthState::Down) rampFrom_ = ticks(now);
    return;
  }
  const int failed = ++failedProbes_;
  const bool gone = result == ProbeResult::Refused || failed >= failedProbesForDown;
  if (gone && probed_ != HealthState::Unknown) probed_ = HealthState::Down;
}

void Health::reach(bool reachable, Instant now) {
  const bool wasUnreachable = unreachable_.exchange(!reachable);
  if (wasUnreachable && reachable) rampFrom_ = ticks(now);
}

void Health::succeeded() {
  errors_ = 0;
}

void Health::failed(Instant now) {
  if (ticks(now) < ejectedUntil_) return;
  if (++errors_ < settings_.consecutiveErrors) return;
  errors_ = settings_.consecutiveErrors - 1;  // after its return one more error is enough
  const Ticks until = ticks(now + settings_.ejectFor);
  ejectedUntil_ = until;
  rampFrom_ = until;
}

HealthState Health::state(Instant now) const {
  const HealthState probed = probed_;
  if (probed != HealthState::Healthy) return probed;
  if (unreachable_ || ticks(now) < ejectedUntil_) return HealthState::Ejected;
  return ramp(now) < 1 ? HealthState::Recovering : HealthState::Healthy;
}

double Health::ramp(Instant now) const {
  const Ticks from = rampFrom_;
  if (from == never || settings_.slowStart.count() == 0) return 1;
  const std::chrono::duration<double> since = Instant::duration(ticks(now) - from);
  const double part = since / std::chrono::duration<double>(settings_.slowStart);
  return std::clamp(part, leastRamp, 1.0);
}

std::optional<Instant> Health::ejectedUntil(Instant now) const {
  const Ticks until = ejectedUntil_;
  if (ticks(now) >= until) return std::nullopt;
  return Instant(Instant::duration(until));
}

}  // namespace bailiwick::sidecar
