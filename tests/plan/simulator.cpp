#include "plan/simulator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"

namespace bailiwick::testing {
namespace {

using api::names::deletionCost;
using api::names::unlawfulSince;

}  // namespace

api::Key Simulator::ownerOf(const api::Pod& pod) {
  return {pod.meta.key.ns, *pod.meta.labels.find(api::names::deploymentLabel)};
}

bool Simulator::lawful(const api::Node& node) {
  return node.meta.labels.has("data-residency.bailiwick.dev/eu-personal", "true") &&
         !node.meta.labels.has("bailiwick.dev/jurisdiction", "US");
}

void Simulator::violate(const std::string& what) {
  violations.push_back(api::formatTime(cluster.now) + ": " + what);
}

api::Node* Simulator::nodeOf(const api::Pod& pod) {
  for (auto& node : cluster.nodes) {
    if (node.meta.key.name == pod.node) return &node;
  }
  return nullptr;
}

std::vector<api::Pod*> Simulator::podsOf(const WorkloadKey& key, bool alive) {
  std::vector<api::Pod*> result;
  for (auto& pod : cluster.pods) {
    if (!pod.meta.labels.has(api::names::deploymentLabel, key.first.name)) continue;
    if (!pod.meta.labels.has(api::names::variantLabel, key.second)) continue;
    if (alive && pod.meta.deleted) continue;
    result.push_back(&pod);
  }
  return result;
}

void Simulator::tick() {
  cluster.now += 1min;
  changed_ = false;
  std::vector<void (Simulator::*)()> controllers = {
      &Simulator::operate, &Simulator::runReplicaSets, &Simulator::schedule,
      &Simulator::runKubelets, &Simulator::loseNodes};
  std::shuffle(controllers.begin(), controllers.end(), random_);
  for (const auto controller : controllers) {
    if (below(5) > 0) (this->*controller)();
  }
  checkLaw();
  quietTicks_ = changed_ ? 0 : quietTicks_ + 1;
}

void Simulator::operate() {
  const auto plan = cluster.plan();
  for (const auto& [key, deployment] : plan.deployments) {
    const auto step = cluster.step(plan, key.name);
    check(deployment, step);
    remember(deployment);
    if (step.wakeAt && *step.wakeAt > cluster.now) changed_ = true;  // a deadline is to come
    carryOut(deployment, step);
    for (const auto& v : deployment.variants) {
      const std::pair id{deployment.deployment->meta.uid, v.variant->name};
      auto& until = cluster.withdrawn[id].until;
      if (v.stuck && until <= cluster.now) until = cluster.now + 12h;
      if (v.share == 0) cluster.applyRefusals.erase(id);
    }
  }
}

void Simulator::mark(const plan::Step& step) {
  auto& unmarked = cluster.podMemory.cannotMark;
  for (const auto& mark : step.marks) {
    const auto& uid = mark.pod->meta.uid;
    if (marksRefused) {
      if (unmarked.insert(uid).second) changed_ = true;
      continue;
    }
    changed_ = true;
    unmarked.erase(uid);
    auto& annotations = const_cast<api::Pod*>(mark.pod)->meta.annotations;
    annotations.erase(deletionCost);
    annotations.erase(unlawfulSince);
    if (mark.remove) annotations.set(deletionCost, "-1");
    if (mark.unlawfulSince) annotations.set(unlawfulSince, api::formatTime(*mark.unlawfulSince));
  }
}

// As Planner does.
void Simulator::remember(const plan::DeploymentPlan& plan) {
  auto& known = cluster.podMemory.unlawfulSince;
  for (const auto& replica : plan.replicas) {
    const auto& uid = replica.pod->meta.uid;
    if (replica.unlawfulSince) {
      known[uid] = *replica.unlawfulSince;
    } else {
      known.erase(uid);
    }
  }
}

void Simulator::carryOut(const plan::DeploymentPlan& plan, const plan::Step& step) {
  const auto& deployment = plan.deployment->meta.key;
  mark(step);
  for (const auto& restart : step.restarts) terminate(const_cast<api::Pod&>(*restart.pod));
  for (const auto& variant : step.finished) {
    cluster.workloads.erase({deployment, variant});
    changed_ = true;
  }
  for (const auto& [variant, replicas] : step.replicas) {
    const WorkloadKey key{deployment, variant};
    const auto* planned = plan.variant(variant);
    if (planned && planned->requirement) {
      if (!applied(plan, variant, replicas)) continue;
      renderTemplate(key, *planned);
    }
    if (!templates_.contains(key)) continue;
    if (!cluster.workloads.contains(key)) cluster.workload(variant, 0, deployment.name);
    auto& workload = cluster.workloads.at(key);
    workload.groups = templates_.at(key).requirement.nodes > 1;
    if (workload.replicas == replicas) continue;
    workload.replicas = replicas;
    ++workload.meta.generation;
    changed_ = true;
  }
}

// As DeploymentController and Planner keep book of what is refused.
bool Simulator::applied(const plan::DeploymentPlan& plan, const std::string& variant,
                        int replicas) {
  const std::pair id{plan.deployment->meta.uid, variant};
  const auto workload = cluster.workloads.find({plan.deployment->meta.key, variant});
  const bool lowers = workload != cluster.workloads.end() && replicas <= workload->second.replicas;
  if (!refusedVariants.contains(variant) || lowers) {
    cluster.applyRefusals.erase(id);
    return true;
  }
  auto& refusal = cluster.applyRefusals[id];
  if (refusal.since == api::Time{}) {
    refusal.since = cluster.now;
    changed_ = true;
  }
  if (cluster.now - refusal.since <= plan.deployment->spec.rollout.progressDeadline + 2min) {
    changed_ = true;  // its deadline is to come
  }
  refusal.replicas = replicas;
  refusal.why = "denied";
  return false;
}

void Simulator::renderTemplate(const WorkloadKey& key, const plan::VariantPlan& planned) {
  Template t{*planned.requirement, "", planned.variant->engine.image};
  t.hash = fmt::format("{}/{}/{}", t.image, t.requirement.resource, t.requirement.devicesPerNode);
  const auto [entry, isNew] = templates_.try_emplace(key, t);
  if (!isNew && entry->second.hash != t.hash) changed_ = true;
  entry->second = t;
  const auto workload = cluster.workloads.find(key);
  if (workload != cluster.workloads.end()) {
    workload->second.meta.annotations.set("bailiwick.dev/capacity",
                                          api::formatThousandths(planned.variant->capacity));
  }
}

void Simulator::terminate(api::Pod& pod) {
  pod.meta.deleted = cluster.now;
  changed_ = true;
}

api::Pod& Simulator::create(const WorkloadKey& key) {
  const auto& t = templates_.at(key);
  cluster.pods.push_back(makePod(fmt::format("{}-{}-{:04}", key.first.name, key.second, ++serial_),
                                 key.first.ns)
                             .label(api::names::deploymentLabel, key.first.name)
                             .label(api::names::variantLabel, key.second)
                             .label(api::names::roleLabel, "engine")
                             .requests(t.requirement.resource, t.requirement.milliPerNode)
                             .obj());
  auto& pod = cluster.pods.back();
  pod.meta.created = pod.readyChanged = cluster.now;
  pod.templateHash = t.hash;
  podTemplates_.emplace(pod.meta.uid, t);
  changed_ = true;
  return pod;
}

api::Units Simulator::ready(const api::ModelDeployment& deployment) const {
  api::Units units = 0;
  for (const auto& v : deployment.spec.variants) {
    std::map<std::string, int> serving;  // Ready pods of each group; of a Deployment, of each pod
    for (const auto& pod : cluster.pods) {
      if (!pod.ready || pod.meta.deleted || ownerOf(pod) != deployment.meta.key) continue;
      if (!pod.meta.labels.has(api::names::variantLabel, v.name)) continue;
      const auto* group = pod.meta.labels.find("leaderworkerset.sigs.k8s.io/group-index");
      ++serving[group ? *group : pod.meta.key.name];
    }
    for (const auto& [group, pods] : serving) units += pods >= v.accelerator.nodes ? v.capacity : 0;
  }
  return units;
}

std::string Simulator::picture() const {
  std::string text;
  for (const auto& pod : cluster.pods) {
    text += fmt::format("{} on {} {} {}\n", pod.meta.key.name, pod.node,
                        pod.ready ? "Ready" : pod.waitingReason, pod.meta.deleted ? "deleted" : "");
  }
  for (const auto& [key, workload] : cluster.workloads) {
    text += fmt::format("{} {} x{}\n", key.first.name, key.second, workload.replicas);
  }
  for (const auto& node : cluster.nodes) {
    text += fmt::format("{}{}{}\n", node.meta.key.name, node.ready ? "" : " NotReady",
                        node.unschedulable ? " cordoned" : "");
    for (const auto& [key, value] : node.meta.labels) text += "  " + key + "=" + value + "\n";
  }
  return text;
}

}  // namespace bailiwick::testing
