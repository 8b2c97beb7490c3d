#include "fleet/decision.hpp"

#include <algorithm>

#include "fleet/offer.hpp"

namespace bailiwick::fleet {
namespace {

bool sameSpec(const PeerCourse& peer, const Course& course) {
  return peer.claim && peer.claim->specHash == course.specHash;
}

bool live(Health health) { return health == Health::Live || health == Health::Cordoned; }

Role roleOf(const PeerInput& in, const Course& course) {
  const auto& peer = *in.course;
  const auto& judgement = peer.standing.judgement();
  if (judgement.health == Health::Lost) return Role::Gone;
  if (judgement.out) return Role::Out;
  if (!live(judgement.health)) return Role::Frozen;
  if (in.foreignSpecForbids || (peer.claim && !sameSpec(peer, course))) return Role::Frozen;
  return judgement.health == Health::Cordoned ? Role::Draining : Role::Active;
}

// A peer that may yet say what it has of this spec.
bool awaited(const PeerInput& in, const Course& course, Mono now) {
  const auto& judgement = in.course->standing.judgement();
  if (judgement.out) return false;
  if (judgement.why == Why::NotSeenYet) return true;
  if (judgement.health != Health::Live || now >= course.specSince + patience) return false;
  return !sameSpec(*in.course, course);
}

// In units of the spec that its object has, and no more than ours lets a region have.
api::Units foreignUnits(const PeerCourse& peer, const api::ModelDeploymentSpec& ours) {
  if (!peer.claim || !peer.object) return 0;
  const auto& theirs = peer.object->spec;
  return std::min({unitsOf(claimed(*peer.claim, theirs), theirs), wantedUnits(ours), regionCap(ours)});
}

class Deciding {
 public:
  Deciding(const Here& here, const Course& course, const std::vector<PeerInput>& peers,
           const FleetView& view)
      : here_(here), course_(course), peers_(peers), view_(view), spec_(here.deployment.spec) {}

  Decision run() {
    survey();
    const auto allocation = allocate({spec_, name(), regions_});
    HandoverInput input{spec_, allocation.shares[0], published_, here_.running, here_.ready,
                        0,     {},                   0,          true};
    input.position = position(allocation);
    input.former = here_.former;
    for (const auto& in : peers_) {
      const auto* course = in.course;
      if (!live(course->standing.judgement().health) || view_.now < countedFrom(in)) {
        continue;
      }
      input.counted.push_back(in.peer->name);
      if (sameSpec(*course, course_)) input.peersHold += heldUnits(*course->claim, spec_);
    }
    decision_.handover = course_.handover;
    restrain(input);
    if (view_.settled) {
      settle(input, allocation);
      return std::move(decision_);
    }
    auto next = decision_.handover.next(input, view_.now);
    decision_.run = std::move(next.run);
    decision_.units = next.units;
    decision_.publish = promise(next.publish, here_.offer, spec_);
    decision_.inquiry = std::move(next.inquiry);
    decision_.wakeAt = next.wakeAt;
    decision_.pending = pending(allocation);
    wakeForTime();
    return std::move(decision_);
  }

 private:
  std::string name() const { return here_.deployment.meta.key.str(); }

  void survey() {
    const auto* self = selfEntry(here_.deployment, here_.region);
    if (self) published_ = countsOf(self->share, spec_);
    published_.resize(spec_.variants.size());
    own_ = listOf(course_.handover.promised(spec_).value_or(published_), spec_);
    RegionInput own{here_.region, here_.cordoned ? Role::Draining : Role::Active};
    own.offer = &here_.offer;
    own.share = &own_;
    own.prices = here_.prices;
    own.pools = here_.pools;
    regions_.push_back(own);
    decision_.isolated = isolated(view_, thresholdsOf(spec_.failover));
    for (const auto& in : peers_) {
      addPeer(in);
      decision_.awaiting = decision_.awaiting || awaited(in, course_, view_.now);
    }
  }

  void addPeer(const PeerInput& in) {
    RegionInput region{in.peer->name, roleOf(in, course_)};
    if (region.role == Role::Gone) decision_.lost.push_back(in.peer->name);
    const auto& claim = in.course->claim;
    if (claim) {
      region.allocator = claim->allocator;
      region.offer = &claim->offer;
      region.share = &claim->share;
      if (!sameSpec(*in.course, course_)) {
        if (region.role == Role::Frozen) {
          region.foreignUnits = foreignUnits(*in.course, spec_);
        }
        // What a Lost region wants is no longer asked: its units are taken by one's own spec.
        if (region.role != Role::Gone) decision_.diverged.push_back(in.peer->name);
      }
    }
    if (in.peer->own) {
      region.prices = &in.peer->own->prices;
      region.pools = &in.peer->own->status.pools;
    }
    regions_.push_back(region);
  }

  // What it says at first may be of before it died.
  Mono countedFrom(const PeerInput& in) const {
    auto since = in.peer->sightings.knownSince().value_or(view_.now);
    if (const auto again = in.course->standing.aliveAgainSince()) since = std::max(since, *again);
    return since + thresholdsOf(spec_.failover).lostAfter;
  }

  // How many that are to shrink come before us.
  int position(const Allocation& allocation) const {
    const auto mine = rank(name(), here_.region);
    int before = 0;
    for (std::size_t r = 1; r < regions_.size(); ++r) {
      if (regions_[r].role != Role::Active || !regions_[r].share) continue;
      const auto held = unitsOf(countsOf(*regions_[r].share, spec_), spec_);
      const bool shrinks = unitsOf(allocation.shares[r], spec_) < held;
      if (shrinks && rank(name(), regions_[r].name) < mine) ++before;
    }
    return before;
  }

  // When nothing may be given up, or nothing taken.
  void restrain(HandoverInput& input) const {
    const auto kept = promise(countsOf(own_, spec_), here_.offer, spec_);
    const bool frozen = here_.paused || decision_.awaiting || course_.holding;
    input.mayShrink = !frozen && here_.mayShrink && decision_.diverged.empty();
    if (frozen) {
      input.target = kept;
    } else if (here_.foreignSpecForbids) {
      input.target = least(input.target, kept);
    }
  }

  void settle(const HandoverInput& input, const Allocation& allocation) {
    decision_.run = input.mayShrink ? input.target : most(input.target, countsOf(own_, spec_));
    decision_.units = unitsOf(decision_.run, spec_);
    decision_.publish = decision_.run;
    decision_.pending = allocation.unmet;
    for (std::size_t r = 1; r < regions_.size(); ++r) {
      if (regions_[r].role != Role::Active && regions_[r].role != Role::Draining) continue;
      decision_.elsewhere.emplace(regions_[r].name, allocation.shares[r]);
    }
  }

  // What nobody has promised yet.
  api::Units pending(const Allocation& allocation) const {
    api::Units units = allocation.unmet;
    for (std::size_t r = 1; r < regions_.size(); ++r) {
      if (regions_[r].role != Role::Active) continue;
      static const std::vector<api::VariantCount> none;
      const auto& share = regions_[r].share ? *regions_[r].share : none;
      units += std::max<api::Units>(
          0, unitsOf(allocation.shares[r], spec_) - unitsOf(countsOf(share, spec_), spec_));
    }
    return units;
  }

  void wakeForTime() {
    const auto thresholds = thresholdsOf(spec_.failover);
    const auto consider = [&](std::optional<Mono> at) {
      if (at && *at > view_.now && (!decision_.wakeAt || *at < *decision_.wakeAt)) {
        decision_.wakeAt = at;
      }
    };
    for (const auto& in : peers_) {
      consider(in.peer->sightings.changesAt(thresholds, view_.now));
      consider(in.course->standing.returnsAt(thresholds));
      if (in.peer->sightings.knownSince()) consider(countedFrom(in));
      if (in.course->refusedSince) consider(*in.course->refusedSince + thresholds.lostAfter);
    }
    consider(course_.holdsUntil);
    if (decision_.awaiting) consider(course_.specSince + patience);
  }

  const Here& here_;
  const Course& course_;
  const std::vector<PeerInput>& peers_;
  const FleetView& view_;
  const api::ModelDeploymentSpec& spec_;
  std::vector<RegionInput> regions_;
  Counts published_;
  std::vector<api::VariantCount> own_;
  Decision decision_;
};

}  // namespace

Decision decide(const Here& here, const Course& course, const std::vector<PeerInput>& peers,
                const FleetView& view) {
  return Deciding(here, course, peers, view).run();
}

Findings findingsOf(std::uint64_t ticket, const api::ModelDeploymentSpec& spec, const Course& course,
                    const std::vector<std::pair<std::string, api::ModelDeployment>>& read) {
  Findings findings{ticket, 0};
  for (const auto& [name, object] : read) {
    const auto peer = course.peers.find(name);
    const auto* entry = selfEntry(object, name);
    if (!entry || peer == course.peers.end()) continue;
    const auto& known = peer->second;
    const auto& judgement = known.standing.judgement();
    if (judgement.out || !live(judgement.health) || entry->specHash != course.specHash) continue;
    const bool older = known.claim && known.object && known.object->meta.uid == object.meta.uid &&
                       entry->sequence < known.claim->sequence;
    if (!older) findings.held += heldUnits(*entry, spec);
  }
  return findings;
}

}  // namespace bailiwick::fleet
