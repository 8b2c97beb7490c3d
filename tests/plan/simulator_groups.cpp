// The part of the simulator that is the controller of LeaderWorkerSets.

#include <fmt/format.h>

#include <algorithm>

#include "api/labels.hpp"
#include "plan/simulator.hpp"

namespace bailiwick::testing {
namespace {

constexpr char groupIndex[] = "leaderworkerset.sigs.k8s.io/group-index";
constexpr char workerIndex[] = "leaderworkerset.sigs.k8s.io/worker-index";

}  // namespace

Simulator::Groups Simulator::groupsOf(const WorkloadKey& key, bool alive) {
  Groups groups;
  for (auto* pod : podsOf(key, alive)) {
    const auto* index = pod->meta.labels.find(groupIndex);
    if (index) groups[std::stoi(*index)].push_back(pod);
  }
  return groups;
}

// Groups 0 to replicas - 1, each made anew as a whole when one of its pods has gone and all others
// have; what is above goes. Its rolling updates are not modelled: no event changes the template of
// what spans nodes.
void Simulator::runGroups(const WorkloadKey& key, api::Workload& workload) {
  const auto size = static_cast<std::size_t>(templates_.at(key).requirement.nodes);
  const auto groups = groupsOf(key, false);
  for (const auto& [index, pods] : groups) {
    const bool broken = pods.size() < size || std::any_of(pods.begin(), pods.end(), [](auto* pod) {
                          return pod->meta.deleted.has_value();
                        });
    if (index < workload.replicas && !broken) continue;
    for (auto* pod : pods) {
      if (!pod->meta.deleted) terminate(*pod);
    }
  }
  for (int index = 0; index < workload.replicas; ++index) {
    if (groups.contains(index)) continue;
    for (std::size_t worker = 0; worker < size; ++worker) {
      auto& pod = create(key);
      pod.templateHash.clear();
      pod.meta.labels.set(groupIndex, std::to_string(index));
      pod.meta.labels.set(workerIndex, std::to_string(worker));
    }
  }
  workload.observedGeneration = workload.meta.generation;
  workload.statusReplicas = workload.updatedReplicas =
      static_cast<int>(groupsOf(key, true).size());
}

bool Simulator::whole(const std::vector<api::Pod*>& group, const api::Variant& variant) {
  return static_cast<int>(group.size()) >= variant.accelerator.nodes &&
         std::all_of(group.begin(), group.end(), [&](auto* pod) {
           const auto* node = nodeOf(*pod);
           return pod->ready && node && node->ready;
         });
}

// What the controller would give up now: the groups above the count, and those whose leader goes.
void Simulator::checkGroups(const plan::DeploymentPlan& plan, const plan::Step& step,
                            const std::string& variant, api::Units& ready, int& gap) {
  const auto* v = plan.variant(variant);
  for (const auto& [index, pods] : groupsOf({plan.deployment->meta.key, variant}, true)) {
    const auto leads = [](const api::Pod* pod) { return pod->meta.labels.has(workerIndex, "0"); };
    const auto leader = std::find_if(pods.begin(), pods.end(), leads);
    if (!v || leader == pods.end() || !whole(pods, *v->variant)) continue;
    const bool restarts = std::any_of(step.restarts.begin(), step.restarts.end(),
                                      [&](const auto& r) { return r.pod == *leader; });
    if (index < step.replicas.at(variant) && !restarts) continue;
    checkGoing(plan, variant, **leader, ready, gap);
  }
}

}  // namespace bailiwick::testing
