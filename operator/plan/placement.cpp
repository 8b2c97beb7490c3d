#include "plan/placement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "api/labels.hpp"
#include "plan/verdict.hpp"

namespace bailiwick::plan {
namespace {

using policy::Refusal;

int ceilDiv(api::Units units, api::Units capacity) {
  return static_cast<int>((units + capacity - 1) / capacity);
}

// Refusals that take the right to run away, and not only the right to new replicas.
bool breaksLaw(const Refusal& refusal) {
  return refusal.reason == "NoLegalPlace" || refusal.reason.starts_with("Location") ||
         refusal.reason == "PolicyDenied";
}

// Eligible groups by what the variant asks for: many deployments ask for the same.
class EligibleGroups {
 public:
  explicit EligibleGroups(const Inventory& inventory) : inventory_(inventory) {}

  const std::vector<int>& of(const Requirement& r, const api::Variant& variant,
                             const api::PlacementSpec& placement) {
    auto key = fmt::format("{}\n{}\n{}\n{}\n{}", r.vendor->id, r.family->id,
                           fmt::join(variant.accelerator.products, ","),
                           variant.accelerator.minMemoryBytes,
                           fmt::join(placement.dataResidency, ","));
    const auto [entry, isNew] = byRequirement_.try_emplace(std::move(key));
    if (isNew) entry->second = inventory_.eligibleGroups(r);
    return entry->second;
  }

 private:
  const Inventory& inventory_;
  std::map<std::string, std::vector<int>> byRequirement_;
};

struct Region {
  const World& world;
  Inventory& inventory;
  EligibleGroups& eligible;
};

// What of a variant counts as running: it stays where it is while it is legal.
struct Holding {
  int held = 0;      // lawful, bound, alive, on a node that may keep it
  int cordoned = 0;  // the same, on a node that somebody empties
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
    if (replica.terminating) {
      const bool here = std::binary_search(v.groups.begin(), v.groups.end(), replica.group);
      if (here && !replica.cordoned) ++holding.leaving;
    } else if (replica.stuck) {
      ++holding.stuck;
    } else if (!replica.bound) {
      ++waiting;
    } else {
      ++(replica.cordoned ? holding.cordoned : holding.held);
      holding.unboundParts += unboundParts(replica, *v.variant);
    }
  }
  const int surge = surgeOf(plan.replicas, name, workload);
  holding.held -= std::clamp(surge - waiting - holding.stuck, 0, holding.held);
  return holding;
}

std::string whyStuck(const DeploymentPlan& plan, const std::string& variant,
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
  return "its replicas do not become Ready";
}

// Replicas that the workload asks for and cannot even create (quota, admission) for too long.
int failedToCreate(const api::Workload* workload, const DeploymentPlan& plan,
                   const std::string& variant, api::Time now) {
  if (!workload || workload->failureReason.empty()) return 0;
  if (now - workload->failureSince <= plan.deployment->spec.rollout.progressDeadline) return 0;
  const auto alive = std::count_if(
      plan.replicas.begin(), plan.replicas.end(),
      [&](const Replica& r) { return r.variant == variant && !r.terminating; });
  return std::max(0, workload->replicas - static_cast<int>(alive));
}

const api::Workload* workloadOf(const World& world, const DeploymentPlan& plan,
                                const std::string& variant) {
  const auto entry = world.workloads.find({plan.deployment->meta.key, variant});
  return entry == world.workloads.end() ? nullptr : entry->second;
}

VariantPlan prepare(const api::Variant& variant, const DeploymentPlan& plan, Region& region) {
  const auto& world = region.world;
  VariantPlan result;
  result.variant = &variant;
  const auto passport = world.passports.find(variant.passport);
  if (passport != world.passports.end()) result.passport = passport->second;
  result.refusal = plan.refusal;
  if (result.refusal) return result;
  result.refusal = policy::checkVariant({*plan.deployment, variant, result.passport,
                                         *world.region, *world.catalog, *world.settings,
                                         world.leaderWorkerSets});
  if (result.refusal) return result;
  if (world.renderable) {
    result.refusal = world.renderable(*plan.deployment, variant, *result.passport);
    if (result.refusal) return result;
  }
  const auto& placement = plan.deployment->spec.placement;
  auto requirement = require(variant, placement, *world.region, *world.catalog);
  if (!requirement) {
    result.refusal = std::move(requirement.error());
    return result;
  }
  result.requirement = std::move(*requirement);
  result.groups = region.eligible.of(*result.requirement, variant, placement);
  return result;
}

// First what runs, then the first variant in order of preference that fits.
class Assignment {
 public:
  Assignment(DeploymentPlan& plan, Region& region) : plan_(plan), region_(region) {}

  void run() {
    for (auto& v : plan_.variants) hold(v);
    for (auto& v : plan_.variants) offer(v);
    releaseSurplus();
    if (!plan_.onHold) {
      for (auto& v : plan_.variants) fill(v);
    }
    for (auto& v : plan_.variants) keepCordoned(v);
    for (auto& v : plan_.variants) keepStuck(v);
    for (auto& v : plan_.variants) {
      plan_.assigned += v.share * v.variant->capacity;
      v.offer = std::max(v.offer, v.share);
      explain(v);
    }
  }

 private:
  void hold(VariantPlan& v) {
    const auto* workload = workloadOf(region_.world, plan_, v.variant->name);
    auto holding = holdingOf(plan_, v, workload);
    if (v.requirement && holding.unboundParts > 0) {
      region_.inventory.reserve(*v.requirement, v.groups, holding.unboundParts);
    }
    const bool surging = surgeOf(plan_.replicas, v.variant->name, workload) > 0;
    if (holding.stuck > 0 && !plan_.onHold && !surging) giveBackStuck(v.variant->name);
    holding.stuck += failedToCreate(workload, plan_, v.variant->name, region_.world.now);
    v.share = holding.held;
    v.stuck = holding.stuck > 0;
    remaining_ -= v.share * v.variant->capacity;
    holdings_.push_back(holding);
  }

  // What does not start must not keep another variant from the nodes that it holds.
  void giveBackStuck(const std::string& variant) {
    for (const auto& replica : plan_.replicas) {
      if (replica.variant != variant || !replica.stuck || replica.unlawful) continue;
      region_.inventory.give(*replica.pod);
      for (const auto* worker : replica.workers) region_.inventory.give(*worker);
    }
  }

  // Held plus free, capped at what the deployment could use (protocols 5, Offers).
  void offer(VariantPlan& v) {
    const auto& holding = holdingOfVariant(v);
    int free = 0;
    if (mayGrow(v)) free = region_.inventory.fits(*v.requirement, v.groups, capOf(v));
    v.offer = std::min(capOf(v), holding.held + holding.cordoned + free);
  }

  int capOf(const VariantPlan& v) const {
    return ceilDiv(plan_.deployment->spec.replicas * api::Units{1000}, v.variant->capacity);
  }

  // Why there is no more of it than offered.
  void explain(VariantPlan& v) const {
    const auto& region = *region_.world.region;
    const auto& name = v.variant->name;
    if (v.refusal) return;
    if (v.stuck) {
      const auto* workload = workloadOf(region_.world, plan_, name);
      v.refusal = Refusal{"NotStarting", fmt::format("variant {} does not start: {}", name,
                                                     whyStuck(plan_, name, workload))};
    } else if (v.offer >= capOf(v)) {
      return;
    } else if (region.cordoned) {
      v.refusal = Refusal{"NoCapacity", fmt::format("region {} is cordoned and takes nothing new",
                                                    region.meta.key.name)};
    } else if (const auto* withdrawal = withdrawn(v)) {
      v.refusal = Refusal{"NotStarting", withdrawal->why};
    } else if (region_.inventory.fits(*v.requirement, v.groups, 1) > 0) {
      v.refusal = Refusal{"NoCapacity", fmt::format("variant {}: there is room for {} of {} replicas",
                                                    name, v.offer, capOf(v))};
    } else {
      v.refusal = whyNoRoom(*v.variant, *v.requirement,
                            plan_.deployment->spec.placement.dataResidency, region_.inventory,
                            region, *region_.world.catalog);
    }
  }

  const Withdrawal* withdrawn(const VariantPlan& v) const {
    const auto& all = region_.world.withdrawn;
    const auto entry = all.find({plan_.deployment->meta.uid, v.variant->name});
    return entry != all.end() && region_.world.now < entry->second.until ? &entry->second : nullptr;
  }

  bool mayGrow(const VariantPlan& v) const {
    return v.requirement && !v.stuck && !withdrawn(v) && !region_.world.region->cordoned;
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
    return remaining_ <= 0 ? 0 : ceilDiv(remaining_, v.variant->capacity);
  }

  void add(VariantPlan& v, int replicas) {
    v.share += replicas;
    remaining_ -= replicas * v.variant->capacity;
  }

  void fill(VariantPlan& v) {
    if (!mayGrow(v)) return;
    const int wanted = needed(v);
    int placed = 0;
    while (placed < wanted && region_.inventory.take(*v.requirement, v.groups)) ++placed;
    placed = std::min(wanted, placed + holdingOfVariant(v).leaving);
    add(v, placed);
    v.noRoomToSurge = placed < wanted ? replacedReplicasHoldItsNodes(v) : surgeWaits(v);
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
    if (surgeOf(plan_.replicas, name, workloadOf(region_.world, plan_, name)) == 0) return false;
    const bool unbound = std::any_of(
        plan_.replicas.begin(), plan_.replicas.end(),
        [&](const Replica& r) { return r.variant == name && !r.bound && !r.terminating; });
    return unbound && region_.inventory.fits(*v.requirement, v.groups, 1) == 0;
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
    while (placed < kept && region_.inventory.take(*v.requirement, v.groups)) ++placed;
    add(v, plan_.onHold ? kept : placed);
  }

  const Holding& holdingOfVariant(const VariantPlan& v) const {
    return holdings_[static_cast<std::size_t>(&v - plan_.variants.data())];
  }

  DeploymentPlan& plan_;
  Region& region_;
  std::vector<Holding> holdings_;
  api::Units remaining_ = plan_.wanted;
};

api::Units wantedHere(const api::ModelDeploymentSpec& spec) {
  int units = spec.replicas;
  if (spec.placement.maxPerRegion) units = std::min(units, *spec.placement.maxPerRegion);
  return units * api::Units{1000};
}

DeploymentPlan place(const api::ModelDeployment& deployment,
                     const std::vector<const api::Pod*>& pods, Region& region) {
  const auto& world = region.world;
  DeploymentPlan plan;
  plan.deployment = &deployment;
  plan.wanted = wantedHere(deployment.spec);
  plan.refusal = policy::checkDeployment(deployment, *world.region, *world.catalog,
                                         *world.settings);
  const bool unlawful = plan.refusal && breaksLaw(*plan.refusal);
  plan.onHold =
      deployment.spec.paused || (plan.refusal && plan.refusal->reason == "InvalidSpec");
  plan.replicas = replicas({deployment, region.inventory, *world.region, *world.catalog, world.now,
                            unlawful ? &*plan.refusal : nullptr},
                           pods);
  for (const auto& variant : deployment.spec.variants) {
    plan.variants.push_back(prepare(variant, plan, region));
  }
  Assignment(plan, region).run();
  return plan;
}

std::vector<const api::ModelDeployment*> inOrder(const World& world) {
  std::vector<const api::ModelDeployment*> ordered;
  for (const auto* deployment : world.deployments) {
    // What is being deleted is the garbage collector's; its pods still count as taken.
    if (!deployment->meta.deleted) ordered.push_back(deployment);
  }
  std::sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) {
    return std::forward_as_tuple(-a->spec.priority, a->meta.created, a->meta.key) <
           std::forward_as_tuple(-b->spec.priority, b->meta.created, b->meta.key);
  });
  return ordered;
}

using PodsByDeployment = std::map<api::Key, std::vector<const api::Pod*>>;

PodsByDeployment enginePods(const World& world) {
  PodsByDeployment byDeployment;
  for (const auto* pod : world.pods) {
    const auto* name = pod->meta.labels.find(api::names::deploymentLabel);
    if (!name || !pod->meta.labels.has(api::names::roleLabel, "engine")) continue;
    byDeployment[{pod->meta.key.ns, *name}].push_back(pod);
  }
  return byDeployment;
}

}  // namespace

const VariantPlan* DeploymentPlan::variant(std::string_view name) const {
  const auto found = std::find_if(variants.begin(), variants.end(),
                                  [&](const VariantPlan& v) { return v.variant->name == name; });
  return found == variants.end() ? nullptr : &*found;
}

Plan placeAll(const World& world) {
  Plan plan;
  if (!world.region) return plan;
  plan.inventory = Inventory(world.nodes, world.pods, *world.region, *world.catalog);
  plan.pools = pools(plan.inventory, *world.region, *world.catalog);
  EligibleGroups eligible(plan.inventory);
  Region region{world, plan.inventory, eligible};
  const auto pods = enginePods(world);
  static const std::vector<const api::Pod*> none;
  for (const auto* deployment : inOrder(world)) {
    const auto own = pods.find(deployment->meta.key);
    plan.deployments.emplace(deployment->meta.key,
                             place(*deployment, own == pods.end() ? none : own->second, region));
  }
  return plan;
}

}  // namespace bailiwick::plan
