// The part of the simulator that is Kubernetes: Deployments with their ReplicaSets, the scheduler,
// kubelets, and nodes that die.

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "api/quantity.hpp"
#include "plan/simulator.hpp"

namespace bailiwick::testing {
namespace {

// kubernetes/pkg/controller ActivePodsWithRanks: not bound, not Ready, cheaper, younger first. All
// that waits is taken for Pending.
auto deletionRank(const api::Pod& pod) {
  const auto* cost = pod.meta.annotations.find(api::names::deletionCost);
  return std::make_tuple(!pod.node.empty(), pod.ready, cost ? -1 : 0,
                         -pod.meta.created.time_since_epoch().count(), pod.meta.key.name);
}

std::int64_t allocatable(const api::Node& node, const std::string& resource) {
  const auto* quantity = node.allocatable.find(resource);
  return quantity ? api::parseMilli(*quantity).value_or(0) : 0;
}

}  // namespace

bool Simulator::ranksBefore(const api::Pod* a, const api::Pod* b) {
  return deletionRank(*a) < deletionRank(*b);
}

void Simulator::runReplicaSets() {
  for (auto& pod : cluster.pods) {  // garbage collection
    if (pod.meta.labels.find(api::names::variantLabel) && !pod.meta.deleted &&
        !cluster.workloads.contains({ownerOf(pod), *pod.meta.labels.find(api::names::variantLabel)}))
      terminate(pod);
  }
  for (auto& [key, workload] : cluster.workloads) {
    if (workload.groups) {
      runGroups(key, workload);
      continue;
    }
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

}  // namespace bailiwick::testing
