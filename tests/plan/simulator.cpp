#include "plan/simulator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/quantity.hpp"

namespace bailiwick::testing {
namespace {

using api::names::deletionCost;
using api::names::unlawfulSince;

api::Key ownerOf(const api::Pod& pod) {
  return {pod.meta.key.ns, *pod.meta.labels.find(api::names::deploymentLabel)};
}

// kubernetes/pkg/controller ActivePodsWithRanks: not bound, not Ready, cheaper, younger first. All
// that waits is taken for Pending.
auto deletionRank(const api::Pod& pod) {
  const auto* cost = pod.meta.annotations.find(deletionCost);
  return std::make_tuple(!pod.node.empty(), pod.ready, cost ? -1 : 0,
                         -pod.meta.created.time_since_epoch().count(), pod.meta.key.name);
}

bool ranksBefore(const api::Pod* a, const api::Pod* b) {
  return deletionRank(*a) < deletionRank(*b);
}

bool lawful(const api::Node& node) {
  return node.meta.labels.has("data-residency.bailiwick.dev/eu-personal", "true") &&
         !node.meta.labels.has("bailiwick.dev/jurisdiction", "US");
}

std::int64_t allocatable(const api::Node& node, const std::string& resource) {
  const auto* quantity = node.allocatable.find(resource);
  return quantity ? api::parseMilli(*quantity).value_or(0) : 0;
}

}  // namespace

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

// The law does not wait for ever, whatever stands in the way of a replacement. The operator needs a
// few turns: to see, to mark, to lower the count; and the ReplicaSet one.
void Simulator::checkLaw() {
  for (const auto& pod : cluster.pods) {
    const auto* node = nodeOf(pod);
    const bool serves = !pod.meta.deleted && node && node->ready;
    if (!serves || lawful(*node)) {
      unlawfulSince_.erase(pod.meta.uid);
      continue;
    }
    const auto since = unlawfulSince_.try_emplace(pod.meta.uid, cluster.now).first->second;
    const auto timeout = cluster.deployment(ownerOf(pod).name).spec.exit.drainTimeout;
    if (cluster.now > since + timeout + 30min) {
      violate(pod.meta.key.name + " outlives the drain timeout on " + pod.node);
    }
  }
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

void Simulator::check(const plan::DeploymentPlan& plan, const plan::Step& step) {
  api::Units readyUnits = 0;
  for (const auto& replica : plan.replicas) {
    const auto* v = plan.variant(replica.variant);
    if (replica.ready && !replica.terminating) readyUnits += v ? v->variant->capacity : 1000;
  }
  int gap = plan.deployment->spec.rollout.maxUnavailable;
  for (const auto& [variant, replicas] : step.replicas) {
    checkRemovals(plan, variant, replicas, readyUnits, gap);
    const auto* v = plan.variant(variant);
    const int most = v ? v->share + static_cast<int>(plan.replicas.size())
                       : static_cast<int>(plan.replicas.size());
    if (replicas > most) violate(fmt::format("{}: surge to {}", variant, replicas));
    if (replicas < 0) violate(fmt::format("{}: {} replicas", variant, replicas));
  }
  for (const auto& variant : step.finished) {
    if (!podsOf({plan.deployment->meta.key, variant}).empty()) violate(variant + " is not finished");
  }
}

// What the ReplicaSet would delete now, were it asked for so many replicas.
void Simulator::checkRemovals(const plan::DeploymentPlan& plan, const std::string& variant,
                              int replicas, api::Units& ready, int& gap) {
  auto pods = podsOf({plan.deployment->meta.key, variant});
  std::set<std::string> hashes;
  for (const auto* pod : pods) hashes.insert(pod->templateHash);
  if (hashes.size() > 1) return;  // a rolling update: two ReplicaSets, not modelled here
  std::sort(pods.begin(), pods.end(), ranksBefore);
  const auto* v = plan.variant(variant);
  const auto capacity = v ? v->variant->capacity : 1000;
  for (int i = 0; i + replicas < static_cast<int>(pods.size()); ++i) {
    const auto& pod = *pods[static_cast<std::size_t>(i)];
    const auto* node = nodeOf(pod);
    if (!pod.ready || !node || !node->ready) continue;
    ready -= capacity;
    if (ready >= plan.wanted) continue;
    const auto& known = cluster.podMemory.unlawfulSince;
    const auto since = known.find(pod.meta.uid);
    const auto deadline = plan.deployment->spec.exit.drainTimeout;
    if (since != known.end() && cluster.now >= since->second + deadline) continue;
    if (gap-- > 0) continue;
    violate(fmt::format("{} of {} goes before its replacement is Ready: {} of {}",
                        pod.meta.key.name, variant, ready, plan.wanted));
  }
}

void Simulator::terminate(api::Pod& pod) {
  pod.meta.deleted = cluster.now;
  changed_ = true;
}

void Simulator::create(const WorkloadKey& key) {
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
}

void Simulator::runReplicaSets() {
  for (auto& pod : cluster.pods) {  // garbage collection
    if (pod.meta.labels.find(api::names::variantLabel) && !pod.meta.deleted &&
        !cluster.workloads.contains({ownerOf(pod), *pod.meta.labels.find(api::names::variantLabel)}))
      terminate(pod);
  }
  for (auto& [key, workload] : cluster.workloads) {
    roll(key, workload);
    observe(key, workload);
  }
}

// A Deployment with maxSurge 1 and the deployment's maxUnavailable, and its ReplicaSets.
void Simulator::roll(const WorkloadKey& key, api::Workload& workload) {
  const auto& hash = templates_.at(key).hash;
  auto pods = podsOf(key);
  std::sort(pods.begin(), pods.end(), ranksBefore);
  const bool old = std::any_of(pods.begin(), pods.end(),
                               [&](const auto* pod) { return pod->templateHash != hash; });
  const int most = workload.replicas + (old && workload.replicas > 0 ? 1 : 0);
  auto alive = static_cast<int>(pods.size());
  for (auto* pod : pods) {
    if (alive <= most) break;
    terminate(*pod);
    --alive;
  }
  workload.failureReason.clear();
  for (; alive < most; ++alive) {
    if (quota >= 0 && static_cast<int>(cluster.pods.size()) >= quota) {
      workload.failureReason = "FailedCreate";
      workload.failureMessage = "exceeded quota";
      if (workload.failureSince == api::Time{}) workload.failureSince = cluster.now;
      break;
    }
    create(key);
  }
  if (workload.failureReason.empty()) workload.failureSince = {};
  pods = podsOf(key);
  std::sort(pods.begin(), pods.end(), ranksBefore);
  auto available = std::count_if(pods.begin(), pods.end(), [](auto* pod) { return pod->ready; });
  auto gap = cluster.deployment(key.first.name).spec.rollout.maxUnavailable;
  for (auto* pod : pods) {
    if (pod->templateHash == hash) continue;
    if (pod->ready && available - 1 < workload.replicas - gap) break;
    if (pod->ready) --available;
    terminate(*pod);
    break;
  }
}

void Simulator::observe(const WorkloadKey& key, api::Workload& workload) {
  const auto pods = podsOf(key);
  workload.observedGeneration = workload.meta.generation;
  workload.statusReplicas = static_cast<int>(pods.size());
  workload.updatedReplicas = static_cast<int>(std::count_if(
      pods.begin(), pods.end(),
      [&](const auto* pod) { return pod->templateHash == templates_.at(key).hash; }));
}

bool Simulator::fits(const api::Node& node, const api::Pod& pod, const Template& t) const {
  if (!node.ready || node.unschedulable || node.meta.deleted) return false;
  if (!plan::tolerates(*t.requirement.family, node.taints)) return false;
  if (!plan::matches(plan::both(t.requirement.law, t.requirement.hardware), node.meta.labels)) {
    return false;
  }
  auto free = allocatable(node, t.requirement.resource);
  for (const auto& other : cluster.pods) {
    if (other.node != node.meta.key.name || other.terminated) continue;
    for (const auto& [resource, milli] : other.requests) {
      if (resource == t.requirement.resource) free -= milli;
    }
  }
  return free >= pod.requests.front().second;
}

void Simulator::schedule() {
  for (auto& pod : cluster.pods) {
    if (!pod.node.empty() || pod.meta.deleted) continue;
    std::vector<api::Node*> feasible;
    for (auto& node : cluster.nodes) {
      if (fits(node, pod, podTemplates_.at(pod.meta.uid))) feasible.push_back(&node);
    }
    if (feasible.empty()) continue;
    const auto& node = *feasible[static_cast<std::size_t>(below(static_cast<int>(feasible.size())))];
    if (!lawful(node)) {
      violate(pod.meta.key.name + " is bound on unlawful " + node.meta.key.name);
    }
    pod.node = node.meta.key.name;
    changed_ = true;
  }
}

void Simulator::runKubelets() {
  for (auto& pod : cluster.pods) {
    const auto* node = nodeOf(pod);
    const auto t = podTemplates_.find(pod.meta.uid);
    const bool broken = t == podTemplates_.end() || brokenImages.contains(t->second.image);
    if (pod.node.empty() || !node || !node->ready || pod.ready || broken) continue;
    changed_ = true;  // it is on its way
    if (cluster.now < pod.meta.created + 3min) continue;
    pod.ready = true;
    pod.readyChanged = cluster.now;
  }
  std::erase_if(cluster.pods, [&](const api::Pod& pod) {
    const auto* node = nodeOf(pod);
    return pod.meta.deleted &&
           (pod.node.empty() || !node || (node->ready && cluster.now >= *pod.meta.deleted + 2min));
  });
  // On a node that is silent it stays for as long as the node does.
  for (const auto& pod : cluster.pods) {
    const auto* node = nodeOf(pod);
    changed_ = changed_ || (pod.meta.deleted && !(node && !node->ready));
  }
}

void Simulator::loseNodes() {
  for (auto& pod : cluster.pods) {
    if (pod.node.empty()) continue;
    const auto* node = nodeOf(pod);
    if (node && node->ready) continue;
    if (pod.ready) {
      pod.ready = false;
      pod.readyChanged = cluster.now;
      changed_ = true;
    }
    const bool evict = !node || cluster.now >= pod.readyChanged + 5min;
    if (evict && !pod.meta.deleted) terminate(pod);
    if (!pod.meta.deleted) changed_ = true;
  }
}

api::Units Simulator::ready(const api::ModelDeployment& deployment) const {
  api::Units units = 0;
  for (const auto& pod : cluster.pods) {
    if (!pod.ready || pod.meta.deleted || ownerOf(pod) != deployment.meta.key) continue;
    for (const auto& v : deployment.spec.variants) {
      if (pod.meta.labels.has(api::names::variantLabel, v.name)) units += v.capacity;
    }
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
