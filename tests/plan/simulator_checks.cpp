// The part of the simulator that judges: the invariants of every step and of every minute.

#include <fmt/format.h>

#include <algorithm>

#include "plan/simulator.hpp"

namespace bailiwick::testing {

void Simulator::check(const plan::DeploymentPlan& plan, const plan::Step& step) {
  api::Units readyUnits = 0;
  for (const auto& replica : plan.replicas) {
    const auto* v = plan.variant(replica.variant);
    if (replica.ready && !replica.terminating) readyUnits += v ? v->variant->capacity : 1000;
  }
  int gap = plan.deployment->spec.rollout.maxUnavailable;
  for (const auto& [variant, replicas] : step.replicas) {
    const auto workload = cluster.workloads.find({plan.deployment->meta.key, variant});
    if (workload != cluster.workloads.end() && workload->second.groups) {
      checkGroups(plan, step, variant, readyUnits, gap);
    } else {
      checkRemovals(plan, variant, replicas, readyUnits, gap);
    }
    const auto* v = plan.variant(variant);
    int most = static_cast<int>(plan.replicas.size()) + (v ? v->share : 0);
    // A group stays only while those below it have a number.
    for (const auto& replica : plan.replicas) {
      if (replica.variant == variant) most = std::max(most, replica.index + 1);
    }
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
  for (int i = 0; i + replicas < static_cast<int>(pods.size()); ++i) {
    const auto& pod = *pods[static_cast<std::size_t>(i)];
    const auto* node = nodeOf(pod);
    if (!pod.ready || !node || !node->ready) continue;
    checkGoing(plan, variant, pod, ready, gap);
  }
}

// A Ready replica goes: enough are left, or its time is over, or a gap is allowed.
void Simulator::checkGoing(const plan::DeploymentPlan& plan, const std::string& variant,
                           const api::Pod& pod, api::Units& ready, int& gap) {
  const auto* v = plan.variant(variant);
  ready -= v ? v->variant->capacity : 1000;
  if (ready >= plan.wanted) return;
  const auto& known = cluster.podMemory.unlawfulSince;
  const auto since = known.find(pod.meta.uid);
  const auto deadline = plan.deployment->spec.exit.drainTimeout;
  if (since != known.end() && cluster.now >= since->second + deadline) return;
  if (gap-- > 0) return;
  violate(fmt::format("{} of {} goes before its replacement is Ready: {} of {}",
                      pod.meta.key.name, variant, ready, plan.wanted));
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

}  // namespace bailiwick::testing
