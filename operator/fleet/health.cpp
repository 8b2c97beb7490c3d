#include "fleet/health.hpp"

#include <algorithm>
#include <array>

namespace bailiwick::fleet {
namespace {

constexpr std::array<std::string_view, 6> healthNames = {"Unknown", "Live",      "Suspect",
                                                         "Lost",    "Returning", "Cordoned"};
constexpr std::array<std::string_view, 8> whyNames = {
    "HeartbeatSeen",     "NotSeenYet",   "Unreachable",     "OperatorDown",
    "CredentialRefused", "OtherCluster", "FailbackPending", "Cordoned"};

// More time than this between two looks says that the observer did not look.
constexpr Mono longestStep{1000};

// An operator that is down while its API answers: its replicas probably serve.
constexpr int operatorDownFactor = 6;

}  // namespace

std::string_view nameOf(Health health) { return healthNames[static_cast<std::size_t>(health)]; }

std::string_view nameOf(Why why) { return whyNames[static_cast<std::size_t>(why)]; }

std::optional<Health> healthNamed(std::string_view name) {
  const auto found = std::find(healthNames.begin(), healthNames.end(), name);
  if (found == healthNames.end()) return std::nullopt;
  return static_cast<Health>(found - healthNames.begin());
}

Thresholds thresholdsOf(const api::FailoverSpec& failover) {
  return {failover.suspectAfter, failover.lostAfter, failover.failbackAfter};
}

Mono Sightings::watched(Mono now) const {
  return std::clamp(now - lastLook_, Mono::zero(), longestStep);
}

void Sightings::look(Look look, Mono at) {
  const auto passed = watched(at);
  looked_ = true;
  lastLook_ = std::max(lastLook_, at);
  silence_ += passed;
  apiSilence_ += passed;
  const bool anew = !seen_ || refused_;
  notAsked_ = look == Look::NotAsked;
  // A refusal stands until it is allowed again: behind it a heartbeat may change unseen.
  if (look == Look::Unreachable) return;
  refused_ = look == Look::Refused || look == Look::NotAsked;
  otherCluster_ = look == Look::OtherCluster;
  if (otherCluster_) return;
  // Who may not look does not know how long the heartbeat has stood still.
  if (look == Look::Changed || refused_) silence_ = Mono::zero();
  if (look == Look::NotAsked) return;
  apiSilence_ = Mono::zero();
  answered_ = true;
  if (look == Look::Changed && anew) firstSeen_ = at;
  if (look == Look::Changed) seen_ = true;
}

bool Sightings::answers(const Thresholds& thresholds, Mono now) const {
  return answered_ && apiSilence_ + watched(now) < thresholds.suspectAfter;
}

Judgement Sightings::judge(const Thresholds& thresholds, Mono now) const {
  if (refused_) return {Health::Unknown, Why::CredentialRefused};
  const auto silence = silence_ + watched(now), apiSilence = apiSilence_ + watched(now);
  const auto why = otherCluster_                          ? Why::OtherCluster
                   : apiSilence < thresholds.suspectAfter ? Why::OperatorDown
                                                          : Why::Unreachable;
  if (apiSilence >= thresholds.lostAfter || silence >= operatorDownFactor * thresholds.lostAfter) {
    return {Health::Lost, why};
  }
  if (!seen_) return {Health::Unknown, Why::NotSeenYet};
  if (silence < thresholds.suspectAfter) return {Health::Live, Why::HeartbeatSeen};
  return {Health::Suspect, why};
}

std::optional<Mono> Sightings::changesAt(const Thresholds& thresholds, Mono now) const {
  if (refused_) return std::nullopt;
  const auto silence = silence_ + watched(now), apiSilence = apiSilence_ + watched(now);
  std::optional<Mono> soonest;
  const auto consider = [&](Mono left) {
    if (left > Mono::zero() && (!soonest || now + left < *soonest)) soonest = now + left;
  };
  consider(thresholds.suspectAfter - silence);
  consider(thresholds.lostAfter - apiSilence);
  consider(operatorDownFactor * thresholds.lostAfter - silence);
  return soonest;
}

Standing Standing::remembered(Health health, api::Duration ago, Mono now) {
  Standing standing;
  standing.judgement_ = {Health::Unknown, Why::NotSeenYet};
  standing.wasLost_ = health == Health::Lost;
  if (health == Health::Returning) {
    standing.returningSince_ = now - std::max(ago, api::Duration::zero());
  }
  return standing;
}

Judgement Standing::update(const Sightings& sightings, const Thresholds& thresholds, bool cordoned,
                           Mono now, bool holds) {
  judgement_ = sightings.judge(thresholds, now);
  const bool live = judgement_.health == Health::Live;
  if (live && silent_) aliveAgainSince_ = now;
  silent_ = judgement_.health == Health::Suspect || judgement_.health == Health::Lost ||
            (silent_ && !live);
  if (judgement_.health == Health::Lost) {
    judgement_.held = holds && !wasLost_;
    if (!judgement_.held) {
      wasLost_ = true;
      returningSince_.reset();
    }
  } else if (wasLost_ && live) {
    wasLost_ = false;
    returningSince_ = now;
  } else if (wasLost_ && judgement_.why != Why::CredentialRefused) {
    // Neither a restart of ours nor an API without a heartbeat brings it back.
    judgement_.health = Health::Lost;
  }
  if (returningSince_ && live && now - *returningSince_ >= thresholds.failbackAfter) {
    returningSince_.reset();
  }
  judgement_.out = wasLost_ || returningSince_;
  if (returningSince_ && judgement_.health != Health::Unknown && !judgement_.held) {
    judgement_.health = Health::Returning;
    judgement_.why = Why::FailbackPending;
  } else if (live && cordoned) {
    judgement_.health = Health::Cordoned;
    judgement_.why = Why::CordonedByHand;
  }
  return judgement_;
}

std::optional<Mono> Standing::returnsAt(const Thresholds& thresholds) const {
  if (!returningSince_) return std::nullopt;
  return *returningSince_ + thresholds.failbackAfter;
}

}  // namespace bailiwick::fleet
