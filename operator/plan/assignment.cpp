#include "plan/assignment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "fleet/offer.hpp"
#include "plan/status.hpp"
#include "plan/verdict.hpp"

namespace bailiwick::plan {
namespace {

using policy::Refusal;

int ceilDiv(api::Units units, api::Units capacity) {
  return static_cast<int>((units + capacity - 1) / capacity);
}

// What of a variant counts as running: it stays where it is while it is legal.
struct Holding {
  int held = 0;      // lawful, bound, alive, on a node that may keep it
  int cordoned = 0;  // the same, but to be replaced where there is room: cordons, exits
  int stuck = 0;     // bound or not, do not start
  int leaving = 0;   // terminating: their room is soon this variant's again
  int unboundParts = 0;  // nodes that held groups still wait for
};

Holding holdingOf(const DeploymentPlan& plan, const VariantPlan& v,
                  const api::Workload* workload) {
  Holding holding;
  const auto& name = v.variant->name;
  int waiting = 0;
  for (const auto& replica : plan.replicas) {
    if (replica.variant != name || replica.unlawful || replica.lost) continue;
    if (replica.leave == Leave::Now) continue;
    if (replica.terminating) {
      const bool here = std::binary_search(v.groups.begin(), v.groups.end(), replica.group);
      if (here && !replica.cordoned) ++holding.leaving;
    } else if (replica.stuck) {
      ++holding.stuck;
    } else if (!replica.bound) {
      ++waiting;
    } else {
      ++(replica.wantsReplacement() ? holding.cordoned : holding.held);
      holding.unboundParts += unboundParts(replica, *v.variant);
    }
  }
  const int surge = surgeOf(plan.replicas, name, workload);
  holding.held -= std::clamp(surge - waiting - holding.stuck, 0, holding.held);
  return holding;
}

const ApplyRefusal* applyRefusal(const World& world, const DeploymentPlan& plan,
                                 const std::string& variant) {
  const auto entry = world.applyRefusals.find({plan.deployment->meta.uid, variant});
  return entry == world.applyRefusals.end() ? nullptr : &entry->second;
}

std::string whyStuck(const World& world, const DeploymentPlan& plan, const std::string& variant,
                     const api::Workload* workload) {
  for (const auto& replica : plan.replicas) {
    if (replica.variant == variant && replica.stuck && !replica.pod->waitingReason.empty()) {
      return fmt::format("pod {}: {}: {}", replica.pod->meta.key.name, replica.pod->waitingReason,
                         replica.pod->waitingMessage);
    }
  }
  if (workload && !workload->failureReason.empty()) {
    return fmt::format("{}: {}", workload->failureReason, workload->failureMessage);
  }
  if (const auto* refusal = applyRefusal(world, plan, variant)) return refusal->why;
  return "its replicas do not become Ready";
}

// Replicas that cannot even be created for too long: the workload's controller may not (quota,
// admission), or the workload itself is refused.
int failedToCreate(const World& world, const DeploymentPlan& plan, const std::string& variant,
                   const api::Workload* workload) {
  const auto tooLong = [&](api::Time since) {
    return world.now >= startDeadline(since, *plan.deployment);
  };
  int asked = 0;
  if (workload && !workload->failureReason.empty() && tooLong(workload->failureSince)) {
    asked = workload->replicas;
  }
  const auto* refusal = applyRefusal(world, plan, variant);
  if (refusal && tooLong(refusal->since)) asked = std::max(asked, refusal->replicas);
  const auto alive = std::count_if(
      plan.replicas.begin(), plan.replicas.end(),
      [&](const Replica& r) { return r.variant == variant && !r.terminating; });
  return std::max(0, asked - static_cast<int>(alive));
}

const api::Workload* workloadOf(const World& world, const DeploymentPlan& plan,
                                const std::string& variant) {
  const auto entry = world.workloads.find({plan.deployment->meta.key, variant});
  return entry == world.workloads.end() ? nullptr : entry->second;
}

// First what runs, then the first variant in order of preference that fits.
class Assignment {
 public:
  Assignment(DeploymentPlan& plan, const World& world, Inventory& inventory, const Pools& pools)
      : plan_(plan), world_(world), inventory_(inventory), pools_(pools) {}

  void run() {
    for (auto& v : plan_.variants) hold(v);
    for (auto& v : plan_.variants) offer(v);
    keepToShare();
    releaseSurplus();
    if (!plan_.onHold) {
      for (auto& v : plan_.variants) fill(v);
    }
    for (auto& v : plan_.variants) keepCordoned(v);
    for (auto& v : plan_.variants) keepStuck(v);
    reservePending();
    for (auto& v : plan_.variants) {
      plan_.assigned += v.share * v.variant->capacity;
      v.offer = std::max(v.offer, v.share);
      explain(v);
    }
  }

 private:
  void hold(VariantPlan& v) {
    const auto* workload = workloadOf(world_, plan_, v.variant->name);
    auto holding = holdingOf(plan_, v, workload);
    if (v.requirement && holding.unboundParts > 0) {
      inventory_.reserve(*v.requirement, v.groups, holding.unboundParts);
    }
    const bool surging = surgeOf(plan_.replicas, v.variant->name, workload) > 0;
    if (holding.stuck > 0 && !plan_.onHold && !surging) giveBackStuck(v.variant->name);
    holding.stuck += failedToCreate(world_, plan_, v.variant->name, workload);
    v.share = holding.held;
    v.stuck = holding.stuck > 0;
    remaining_ -= v.share * v.variant->capacity;
    holdings_.push_back(holding);
  }

  // What does not start must not keep another variant from the nodes that it holds.
  void giveBackStuck(const std::string& variant) {
    for (const auto& replica : plan_.replicas) {
      if (replica.variant != variant || !replica.stuck || replica.unlawful) continue;
      inventory_.give(*replica.pod);
      for (const auto* worker : replica.workers) inventory_.give(*worker);
    }
  }

  // Held plus free, capped at what the deployment could use (protocols 5, Offers).
  void offer(VariantPlan& v) {
    const auto& holding = holdingOfVariant(v);
    int free = 0;
    if (mayGrow(v)) free = inventory_.fits(*v.requirement, v.groups, capOf(v));
    v.offer = fleet::offered(holding.held + holding.cordoned, free, *v.variant,
                             plan_.deployment->spec);
  }

  int capOf(const VariantPlan& v) const {
    return fleet::capOf(*v.variant, plan_.deployment->spec);
  }

  // With peers, this region runs its share of the allocation.
  void keepToShare() {
    std::vector<api::VariantOffer> offers;
    for (const auto& v : plan_.variants) {
      const int there = v.offer + holdingOfVariant(v).leaving;
      offers.push_back({v.variant->name, std::min(capOf(v), there),
                        offeredPools(v, pools_), "", ""});
      if (v.refusal) offers.back().reason = v.refusal->reason;
    }
    plan_.fleet = fleetShareOf(plan_, world_, std::move(offers));
    if (!plan_.fleet) return;
    remaining_ = plan_.wanted = plan_.fleet->decision.units;
    for (auto& v : plan_.variants) {
      v.share = std::min(v.share, limitOf(v));
      remaining_ -= v.share * v.variant->capacity;
    }
  }

  int limitOf(const VariantPlan& v) const {
    if (!plan_.fleet) return capOf(v);
    return plan_.fleet->decision.run[static_cast<std::size_t>(&v - plan_.variants.data())];
  }

  // What is wanted and promised by nobody yet is kept free of lower priorities, should it come here.
  void reservePending() {
    if (!plan_.fleet) return;
    auto units = std::min(plan_.fleet->decision.pending,
                          fleet::regionCap(plan_.deployment->spec) - plan_.wanted);
    for (const auto& v : plan_.variants) {
      while (units > 0 && mayGrow(v) && inventory_.take(*v.requirement, v.groups)) {
        units -= v.variant->capacity;
      }
    }
  }

  // Why there is no more of it than offered.
  void explain(VariantPlan& v) const {
    const auto& region = *world_.region;
    const auto& name = v.variant->name;
    if (v.refusal) return;
    if (v.stuck) {
      const auto* workload = workloadOf(world_, plan_, name);
      v.refusal = Refusal{"NotStarting", fmt::format("variant {} does not start: {}", name,
                                                     whyStuck(world_, plan_, name, workload))};
    } else if (v.offer >= capOf(v) && !v.neverFits) {
      return;
    } else if (region.cordoned) {
      v.refusal = Refusal{"NoCapacity", fmt::format("region {} is cordoned and takes nothing new",
                                                    region.meta.key.name)};
    } else if (const auto* withdrawal = withdrawn(v)) {
      v.refusal = Refusal{"NotStarting", withdrawal->why};
    } else if (inventory_.fits(*v.requirement, v.groups, 1) > 0) {
      v.refusal = Refusal{"NoCapacity", fmt::format("variant {}: there is room for {} of {} replicas",
                                                    name, v.offer, capOf(v))};
    } else {
      v.refusal = whyNoRoom(*v.variant, *v.requirement,
                            plan_.deployment->spec.placement.dataResidency, inventory_,
                            region, *world_.catalog);
    }
  }

  const Withdrawal* withdrawn(const VariantPlan& v) const {
    const auto& all = world_.withdrawn;
    const auto entry = all.find({plan_.deployment->meta.uid, v.variant->name});
    return entry != all.end() && world_.now < entry->second.until ? &entry->second : nullptr;
  }

  bool mayGrow(const VariantPlan& v) const {
    return v.requirement && !v.law.noNew && !v.stuck && !withdrawn(v) && !world_.region->cordoned;
  }

  // The least preferred variant gives up first; a replica that is partly needed stays.
  void releaseSurplus() {
    for (auto v = plan_.variants.rbegin(); v != plan_.variants.rend(); ++v) {
      while (v->share > 0 && -remaining_ >= v->variant->capacity) {
        --v->share;
        remaining_ += v->variant->capacity;
      }
    }
  }

  int needed(const VariantPlan& v) const {
    const int units = remaining_ <= 0 ? 0 : ceilDiv(remaining_, v.variant->capacity);
    return std::min(units, std::max(0, limitOf(v) - v.share));
  }

  void add(VariantPlan& v, int replicas) {
    v.share += replicas;
    remaining_ -= replicas * v.variant->capacity;
  }

  void fill(VariantPlan& v) {
    if (!mayGrow(v)) return;
    const int wanted = needed(v);
    int placed = 0;
    while (placed < wanted && inventory_.take(*v.requirement, v.groups)) ++placed;
    placed = std::min(wanted, placed + holdingOfVariant(v).leaving);
    add(v, placed);
    const bool waits = placed < wanted ? replacedReplicasHoldItsNodes(v) : surgeWaits(v);
    const bool gapWouldHelp = inventory_.couldHold(*v.requirement, v.groups);
    v.noRoomToSurge = waits && gapWouldHelp;
    v.neverFits = waits && !gapWouldHelp;
  }

  bool replacedReplicasHoldItsNodes(const VariantPlan& v) const {
    return std::any_of(plan_.replicas.begin(), plan_.replicas.end(), [&](const Replica& replica) {
      return !plan_.variant(replica.variant) && !replica.terminating &&
             std::find(v.groups.begin(), v.groups.end(), replica.group) != v.groups.end();
    });
  }

  // The extra replica of a rolling update finds no node.
  bool surgeWaits(const VariantPlan& v) const {
    const auto& name = v.variant->name;
    if (surgeOf(plan_.replicas, name, workloadOf(world_, plan_, name)) == 0) return false;
    const bool unbound = std::any_of(
        plan_.replicas.begin(), plan_.replicas.end(),
        [&](const Replica& r) { return r.variant == name && !r.bound && !r.terminating; });
    return unbound && inventory_.fits(*v.requirement, v.groups, 1) == 0;
  }

  // A cordon asks for a replacement; where there is no room for one, the replica stays.
  void keepCordoned(VariantPlan& v) {
    v.cordoned = std::min(holdingOfVariant(v).cordoned, needed(v));
    add(v, v.cordoned);
  }

  // Replicas that do not start are given up only for others that do.
  void keepStuck(VariantPlan& v) {
    if (!v.requirement) return;
    const int kept = std::min(holdingOfVariant(v).stuck, needed(v));
    int placed = 0;
    while (placed < kept && inventory_.take(*v.requirement, v.groups)) ++placed;
    add(v, plan_.onHold ? kept : placed);
  }

  const Holding& holdingOfVariant(const VariantPlan& v) const {
    return holdings_[static_cast<std::size_t>(&v - plan_.variants.data())];
  }

  DeploymentPlan& plan_;
  const World& world_;
  Inventory& inventory_;
  const Pools& pools_;
  std::vector<Holding> holdings_;
  api::Units remaining_ = plan_.wanted;
};

}  // namespace

void assign(DeploymentPlan& plan, const World& world, Inventory& inventory, const Pools& pools) {
  Assignment(plan, world, inventory, pools).run();
}

}  // namespace bailiwick::plan
