#include "plan/exit_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "plan/conditions.hpp"

namespace bailiwick::plan {
namespace {

namespace names = api::names;
constexpr std::size_t maxMessage = 256;

RowKey keyOf(const api::Pod& pod) {
  const auto* name = pod.meta.labels.find(names::deploymentLabel);
  const auto* variant = pod.meta.labels.find(names::variantLabel);
  return {pod.meta.key.ns, name ? *name : "", variant ? *variant : ""};
}

// Of a group the leader counts.
bool isWorker(const api::Pod& pod) {
  const auto* index = pod.meta.labels.find("leaderworkerset.sigs.k8s.io/worker-index");
  return index && *index != "0";
}

// Whether the order leaves this pod, and not only another one under the same variant's name. What the
// journal has named once stays in it.
bool isLeft(const api::Pod& pod, const ExitRow& row, const RowKey& key, const ExitInput& input) {
  const auto known = input.journal.rows.find(key);
  if (known != input.journal.rows.end() && known->second.pods.contains(pod.meta.uid)) return true;
  const auto* former = row.deployment ? formerOf(pod, row.deployment->formers) : nullptr;
  if (former) return targetingIn(former->exits, input.order);
  return !row.deployment || (row.variant && targetingIn(row.variant->exits, input.order));
}

void addPods(ExitRows& rows, const ExitInput& input) {
  for (const auto* pod : input.world.pods) {
    if (!pod->meta.labels.has(names::roleLabel, "engine")) continue;
    const auto row = rows.find(keyOf(*pod));
    if (row == rows.end() || !isLeft(*pod, row->second, row->first, input)) continue;
    auto& to = row->second;
    if (pod->meta.deleted) {
      to.going.push_back(pod);
    } else if (pod->terminated) {
      to.ended.push_back(pod);
    } else {
      to.alive.push_back(pod);
      if (!isWorker(*pod)) ++to.replicas;
      if (pod->meta.annotations.find(names::deletionCost)) to.marked = true;
    }
  }
}

// The variant that takes most of what leaves: the first one that stays and has a share.
std::optional<api::Replacement> replacementOf(const DeploymentPlan& plan, const VariantPlan& left,
                                              int replicas, const std::string& region) {
  for (const auto& v : plan.variants) {
    if (!v.exits.empty() || v.share == 0) continue;
    const auto units = replicas * left.variant->capacity;
    const auto wanted = (units + v.variant->capacity - 1) / v.variant->capacity;
    return api::Replacement{region, v.variant->name,
                            static_cast<int>(std::min<api::Units>(v.share, wanted))};
  }
  return std::nullopt;
}

// Which constraint keeps every other variant from taking over: the one that a person must act on
// first, in the words of the conditions.
Decision blockedBy(const DeploymentPlan& plan, const RowKey& key, const api::ExitOrder& order) {
  Decision decision{true, std::nullopt, "NoAlternative", ""};
  if (plan.deployment->spec.paused) {
    decision.reason = "Paused";
    decision.message = fmt::format("ModelDeployment {}/{} is paused: set spec.paused to false",
                                   key.ns, key.name);
    return decision;
  }
  const policy::Refusal* first = nullptr;
  for (const auto& v : plan.variants) {
    if (!v.exits.empty() || !v.refusal) continue;
    if (!first || policy::precedence(v.refusal->reason) < policy::precedence(first->reason)) {
      first = &*v.refusal;
    }
  }
  if (first) {
    decision.reason = first->reason;
    decision.message = first->message;
  } else if (std::any_of(plan.variants.begin(), plan.variants.end(),
                         [](const VariantPlan& v) { return v.exits.empty(); })) {
    decision.reason = "NoCapacity";
    decision.message = "no other variant has room";
  } else {
    decision.message = fmt::format("ModelDeployment {}/{} has no variant that exit order {} leaves "
                                   "alone: add one", key.ns, key.name, order.meta.key.name);
  }
  decision.message = shortened(std::move(decision.message), maxMessage);
  return decision;
}

}  // namespace

Plan planIfMoved(const World& world, const api::ExitOrder& order) {
  World moved = world;
  std::erase_if(moved.exits, [&](const ExitInForce& exit) {
    return exit.order->meta.uid == order.meta.uid;
  });
  moved.exits.push_back({&order, true, false, false});
  auto plan = placeAll(moved);
  if (order.spec.mode != api::ExitMode::Immediate) return plan;
  // What leaves at once makes room for what follows.
  std::set<const api::Pod*> left;
  for (const auto& [key, deployment] : plan.deployments) {
    for (const auto& replica : deployment.replicas) {
      if (replica.leave != Leave::Now) continue;
      left.insert(replica.pod);
      left.insert(replica.workers.begin(), replica.workers.end());
    }
  }
  std::erase_if(moved.pods, [&](const api::Pod* pod) { return left.contains(pod); });
  return placeAll(moved);
}

ExitRows rowsOf(const ExitInput& input, const Plan& view) {
  ExitRows rows;
  for (const auto& [key, deployment] : view.deployments) {
    for (const auto& v : deployment.variants) {
      const auto* targeting = targetingIn(v.exits, input.order);
      const RowKey row{key.ns, key.name, v.variant->name};
      if (!targeting && !input.journal.rows.contains(row)) continue;
      rows[row].why = targeting ? targeting->why : "";
      rows[row].deployment = &deployment;
      rows[row].variant = &v;
    }
    for (const auto& [said, former] : deployment.formers) {
      const auto* targeting = targetingIn(former->exits, input.order);
      if (!targeting) continue;
      auto& row = rows[{key.ns, key.name, former->variant.name}];
      row.deployment = &deployment;
      row.former = former.get();
      if (row.why.empty()) row.why = targeting->why;
    }
  }
  for (const auto& [key, known] : input.journal.rows) {
    auto& row = rows[key];
    if (row.deployment) continue;
    const auto deployment = view.deployments.find({key.ns, key.name});
    if (deployment == view.deployments.end()) continue;
    row.deployment = &deployment->second;
  }
  addPods(rows, input);
  // A variant that is only named is no row.
  std::erase_if(rows, [&](const auto& row) {
    return !row.second.runs() && !input.journal.rows.contains(row.first);
  });
  return rows;
}

Decision decide(const ExitRow& row, const RowKey& key, const ExitInput& input) {
  const bool named = row.variant && targetingIn(row.variant->exits, input.order);
  if (!row.deployment || !named) {
    return {false, std::nullopt, "VariantRemoved", "the spec no longer has what is left of it"};
  }
  const auto& plan = *row.deployment;
  const auto& region = input.world.region->meta.key.name;
  auto to = replacementOf(plan, *row.variant, row.replicas - row.variant->cordoned, region);
  if (row.variant->leave == Leave::Now) {
    const bool immediate = input.order.spec.mode == api::ExitMode::Immediate;
    return {false, std::move(to), immediate ? "Immediate" : "DeadlineReached",
            immediate ? "it does not wait for a replacement" : "what is left is stopped"};
  }
  const bool kept = row.replicas > 0 && row.variant->cordoned >= row.replicas;
  const bool held = row.replicas > 0 && plan.deployment->spec.paused;
  if (kept || held) return blockedBy(plan, key, input.order);
  return {false, std::move(to), "", ""};
}

}  // namespace bailiwick::plan
