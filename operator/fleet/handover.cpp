#include "fleet/handover.hpp"

#include <algorithm>

namespace bailiwick::fleet {
namespace {

constexpr Mono firstRest{500};
constexpr int mostDoublings = 4;

bool within(const Counts& a, const Counts& b) { return least(a, b) == a; }

}  // namespace

// A process that begins knows what it promised and what runs. What runs beyond the promise was being
// given up: whether it may go has to be asked again. So it is with what serves of variants that have
// left the spec: nobody may have taken its place yet.
void Handover::recall(const HandoverInput& in) {
  fresh_ = false;
  const auto all = most(in.published, in.running);
  kept_ = {listOf(all, in.spec), unitsOf(all, in.spec)};
  kept_.units = std::max(kept_.units, std::min(kept_.units + in.former, wantedUnits(in.spec)));
  if (unitsOf(in.published, in.spec) < kept_.units) ask(in, in.published);
}

void Handover::ask(const HandoverInput& in, Counts lower) {
  phase_ = Phase::Asking;
  lower_ = {listOf(lower, in.spec), unitsOf(lower, in.spec)};
  position_ = in.position;
  ++ticket_;
}

void Handover::settle(const HandoverInput& in) {
  phase_ = Phase::Settled;
  kept_ = {listOf(in.target, in.spec), unitsOf(in.target, in.spec)};
  attempts_ = 0;
}

std::optional<Counts> Handover::promised(const api::ModelDeploymentSpec& spec) const {
  if (fresh_) return std::nullopt;
  return countsOf(phase_ == Phase::Asking ? lower_.counts : kept_.counts, spec);
}

bool Handover::worthAsking(const HandoverInput& in) const {
  return in.mayShrink &&
         in.peersHold + unitsOf(least(in.target, in.ready), in.spec) >= wantedUnits(in.spec);
}

// An answer allows for as long as those who gave it may be counted on: where what may go could not go
// at once, because one's own API server took no write, they have to be asked again.
void Handover::reconsider(const HandoverInput& in) {
  leaving_ = leaving_ && unitsOf(in.running, in.spec) > kept_.units;
  const auto counts = [&](const std::string& peer) {
    return std::find(in.counted.begin(), in.counted.end(), peer) != in.counted.end();
  };
  if (!leaving_ || std::all_of(asked_.begin(), asked_.end(), counts)) return;
  const auto all = most(countsOf(kept_.counts, in.spec), in.running);
  kept_ = {listOf(all, in.spec), unitsOf(all, in.spec)};
  leaving_ = false;
}

Handover::Next Handover::next(const HandoverInput& in, Mono now) {
  if (fresh_) recall(in);
  reconsider(in);
  // What is kept may be worth more by a spec that has changed.
  kept_.units = std::max(kept_.units, unitsOf(countsOf(kept_.counts, in.spec), in.spec));
  const auto target = unitsOf(in.target, in.spec);
  const bool shrinks = target < kept_.units;
  if (!shrinks) settle(in);
  if (shrinks && phase_ == Phase::Resting && now >= restsUntil_) phase_ = Phase::Settled;
  if (shrinks && phase_ == Phase::Settled && worthAsking(in)) ask(in, in.target);
  if (phase_ == Phase::Asking && target > lower_.units) ask(in, in.target);
  if (phase_ == Phase::Asking && !in.mayShrink) phase_ = Phase::Settled;

  Next next;
  const auto kept = countsOf(kept_.counts, in.spec);
  next.run = most(kept, in.target);
  next.units = kept_.units;
  next.publish = kept;
  if (phase_ == Phase::Asking) {
    next.publish = countsOf(lower_.counts, in.spec);
    wanted_ = wantedUnits(in.spec);
    ownReady_ = unitsOf(least(next.publish, in.ready), in.spec);
    asked_ = in.counted;
    if (within(in.published, next.publish)) next.inquiry = Inquiry{ticket_, in.counted};
  } else if (phase_ == Phase::Resting) {
    next.wakeAt = restsUntil_;
  }
  return next;
}

void Handover::answered(const Findings& findings, Mono now) {
  if (phase_ != Phase::Asking || findings.ticket != ticket_) return;
  if (findings.held + ownReady_ >= wanted_) {
    phase_ = Phase::Settled;
    kept_ = lower_;
    leaving_ = true;
    attempts_ = 0;
    return;
  }
  phase_ = Phase::Resting;
  restsUntil_ = now + firstRest * (1 << std::min(attempts_, mostDoublings)) * (1 + position_);
  ++attempts_;
}

}  // namespace bailiwick::fleet
