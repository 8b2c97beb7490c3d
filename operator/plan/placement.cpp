#include "plan/placement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "api/labels.hpp"
#include "plan/assignment.hpp"

namespace bailiwick::plan {
namespace {

using policy::Refusal;

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
                             const std::vector<std::string>& products,
                             const api::PlacementSpec& placement) {
    auto key = fmt::format("{}\n{}\n{}\n{}\n{}", r.vendor->id, r.family->id,
                           fmt::join(products, ","),
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
  const policy::Law& law;
  Inventory& inventory;
  EligibleGroups& eligible;
  const Pools& pools;
};

// Which exit orders leave the variant.
std::vector<Targeting> exitsOf(const api::Variant& variant, const api::ModelDeployment& deployment,
                               const VariantLaw& law, const World& world) {
  std::vector<Targeting> exits;
  if (world.exits.empty() || !deployment.decodeError.empty()) return exits;
  const auto facts =
      policy::factsOf({deployment, variant, world.passports, *world.region, *world.catalog});
  const policy::Violates violates = [&law](std::string_view name, const policy::Facts&) {
    return violationOf(law, name);
  };
  for (const auto& exit : world.exits) {
    auto why = policy::targeted(exit.order->spec, facts, *world.catalog, violates);
    if (why) exits.push_back({exit, *std::move(why)});
  }
  return exits;
}

Leave urgencyOf(const std::vector<Targeting>& exits, const api::ModelDeployment& deployment,
                api::Time now) {
  auto leave = Leave::Stay;
  for (const auto& targeting : exits) {
    leave = std::max(leave, leaveOf(targeting.exit, deployment, now));
  }
  return leave;
}

Refusal exitInProgress(const VariantPlan& v) {
  const auto& first = v.exits.front();
  return {"ExitInProgress",
          fmt::format("exit order {} leaves {}: variant {} gets no new replicas",
                      first.exit.order->meta.key.name, first.why, v.variant->name)};
}

// What keeps the variant out before nodes are looked at.
std::optional<Refusal> refusalOf(const VariantPlan& v, const DeploymentPlan& plan,
                                 const World& world) {
  if (plan.refusal) return plan.refusal;
  auto refusal =
      policy::checkVariant({*plan.deployment, *v.variant, v.passport, *world.region,
                            *world.catalog, *world.settings, world.leaderWorkerSets});
  if (v.law.denied && (!refusal || policy::precedence(v.law.denied->reason) <
                                       policy::precedence(refusal->reason))) {
    return v.law.denied;
  }
  if (refusal) return refusal;
  if (!v.exits.empty()) return exitInProgress(v);
  if (!world.renderable) return std::nullopt;
  return world.renderable(*plan.deployment, *v.variant, *v.passport);
}

// Policies that leave only some products make the affinity name those.
tl::expected<Requirement, Refusal> requireLawful(const VariantPlan& v, const DeploymentPlan& plan,
                                                 const World& world) {
  const auto& placement = plan.deployment->spec.placement;
  if (!v.law.products) return require(*v.variant, placement, *world.region, *world.catalog);
  auto narrowed = *v.variant;
  narrowed.accelerator.products = *v.law.products;
  auto requirement = require(narrowed, placement, *world.region, *world.catalog);
  if (requirement || v.law.forbidden.empty()) return requirement;
  const auto& why = v.law.forbidden.front().second;
  return tl::unexpected(
      Refusal{why.reason, fmt::format("{}; {}", why.message, requirement.error().message)});
}

VariantPlan prepare(const api::Variant& variant, VariantLaw law, const DeploymentPlan& plan,
                    Region& region) {
  const auto& world = region.world;
  VariantPlan result;
  result.variant = &variant;
  result.law = std::move(law);
  const auto passport = world.passports.find(variant.passport);
  if (passport != world.passports.end()) result.passport = passport->second;
  result.exits = exitsOf(variant, *plan.deployment, result.law, world);
  result.leave = urgencyOf(result.exits, *plan.deployment, world.now);
  result.refusal = refusalOf(result, plan, world);
  if (result.refusal) return result;
  auto requirement = requireLawful(result, plan, world);
  if (!requirement) {
    result.refusal = std::move(requirement.error());
    return result;
  }
  result.requirement = std::move(*requirement);
  const auto& products = result.law.products ? *result.law.products : variant.accelerator.products;
  result.groups = region.eligible.of(*result.requirement, variant, products,
                                     plan.deployment->spec.placement);
  result.refusal = result.law.noNew;
  return result;
}

VariantLaw lawOf(const api::Variant& variant, const api::ModelDeployment& deployment,
                 const Region& region) {
  const auto& world = region.world;
  const auto answer = world.exitReadiness.find(deployment.meta.key);
  const auto* readiness = answer == world.exitReadiness.end() ? nullptr : &answer->second;
  return legalityOf({region.law, deployment, variant, world.passports, world.regions,
                     *world.region, *world.catalog, world.now, readiness});
}

Formers formersOf(const api::ModelDeployment& deployment, const std::vector<const api::Pod*>& pods,
                  const Region& region) {
  Formers formers;
  for (auto& [said, variant] : formerVariants(deployment, pods)) {
    auto former = std::make_shared<Former>();
    former->law = lawOf(variant, deployment, region);
    former->exits = exitsOf(variant, deployment, former->law, region.world);
    former->leave = urgencyOf(former->exits, deployment, region.world.now);
    former->variant = std::move(variant);
    formers.emplace(said, std::move(former));
  }
  return formers;
}

api::Units wantedHere(const api::ModelDeploymentSpec& spec) {
  int units = spec.replicas;
  if (spec.placement.maxPerRegion) units = std::min(units, *spec.placement.maxPerRegion);
  return units * api::Units{1000};
}

void keepEarliest(std::optional<api::Time>& until, std::optional<api::Time> other) {
  if (other && (!until || *other < *until)) until = other;
}

void followExits(DeploymentPlan& plan, api::Time now) {
  const auto follow = [&](const std::vector<Targeting>& exits) {
    for (const auto& targeting : exits) {
      plan.onHold = plan.onHold || targeting.exit.frozen;
      keepEarliest(plan.until, stopsLater(targeting.exit, *plan.deployment, now));
    }
  };
  for (const auto& v : plan.variants) follow(v.exits);
  for (const auto& [said, former] : plan.formers) follow(former->exits);
  for (auto& replica : plan.replicas) {
    const auto* v = plan.variant(replica.variant);
    if (replica.former) {
      replica.leave = replica.former->leave;
    } else if (v) {
      replica.leave = v->leave;
    }
  }
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
  std::map<std::string, VariantLaw> laws;
  for (const auto& variant : deployment.spec.variants) {
    laws[variant.name] = lawOf(variant, deployment, region);
  }
  plan.formers = formersOf(deployment, pods, region);
  for (const auto& [said, former] : plan.formers) keepEarliest(plan.until, former->law.until);
  plan.replicas = replicas({deployment, region.inventory, *world.region, *world.catalog, world.now,
                            unlawful ? &*plan.refusal : nullptr, world.podMemory, &laws,
                            &plan.formers},
                           pods);
  for (const auto& variant : deployment.spec.variants) {
    const auto& law = laws.at(variant.name);
    keepEarliest(plan.until, law.until);
    plan.variants.push_back(prepare(variant, law, plan, region));
  }
  followExits(plan, world.now);
  assign(plan, world, region.inventory, region.pools);
  return plan;
}

// What cannot be planned must not keep the others from being planned. What runs of it stays.
DeploymentPlan placeOrRefuse(const api::ModelDeployment& deployment,
                             const std::vector<const api::Pod*>& pods, Region& region) {
  try {
    return place(deployment, pods, region);
  } catch (const std::exception& error) {
    DeploymentPlan plan;
    plan.deployment = &deployment;
    plan.wanted = wantedHere(deployment.spec);
    plan.onHold = true;
    plan.refusal = Refusal{"InvalidSpec", fmt::format("it cannot be planned: {}", error.what())};
    return plan;
  }
}

using PodsByDeployment = std::map<api::Key, std::vector<const api::Pod*>>;

// The pods of one of the same name that is gone are nobody's; what they hold is taken all the same.
PodsByDeployment enginePods(const World& world) {
  PodsByDeployment byDeployment;
  std::map<api::Key, std::string> uids;
  for (const auto* deployment : world.deployments) {
    uids.emplace(deployment->meta.key, deployment->meta.uid);
  }
  for (const auto* pod : world.pods) {
    const auto* name = pod->meta.labels.find(api::names::deploymentLabel);
    if (!name || !pod->meta.labels.has(api::names::roleLabel, "engine")) continue;
    const api::Key key{pod->meta.key.ns, *name};
    const auto* owner = pod->meta.annotations.find(api::names::ownerUid);
    const auto deployment = uids.find(key);
    if (owner && deployment != uids.end() && *owner != deployment->second) continue;
    byDeployment[key].push_back(pod);
  }
  return byDeployment;
}

}  // namespace

const VariantPlan* DeploymentPlan::variant(std::string_view name) const {
  const auto found = std::find_if(variants.begin(), variants.end(),
                                  [&](const VariantPlan& v) { return v.variant->name == name; });
  return found == variants.end() ? nullptr : &*found;
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

Plan placeAll(const World& world) {
  Plan plan;
  if (!world.region) return plan;
  plan.inventory = Inventory(world.nodes, world.pods, *world.region, *world.catalog);
  plan.pools = Pools(plan.inventory, *world.region, *world.catalog);
  EligibleGroups eligible(plan.inventory);
  const policy::Law law(world.policies, *world.catalog);
  Region region{world, law, plan.inventory, eligible, plan.pools};
  const auto pods = enginePods(world);
  static const std::vector<const api::Pod*> none;
  for (const auto* deployment : inOrder(world)) {
    const auto own = pods.find(deployment->meta.key);
    plan.deployments.emplace(
        deployment->meta.key,
        placeOrRefuse(*deployment, own == pods.end() ? none : own->second, region));
  }
  return plan;
}

}  // namespace bailiwick::plan
