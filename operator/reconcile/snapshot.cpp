#include "reconcile/snapshot.hpp"

#include <fmt/format.h>

#include "api/labels.hpp"

namespace bailiwick::reconcile {
namespace {

template <class T>
std::vector<const T*> pointers(const std::vector<std::shared_ptr<const T>>& owned) {
  std::vector<const T*> result;
  result.reserve(owned.size());
  for (const auto& object : owned) result.push_back(object.get());
  return result;
}

}  // namespace

std::pair<api::Key, std::string> ownerOf(const api::ObjectMeta& meta) {
  const auto* name = meta.labels.find(api::names::deploymentLabel);
  const auto* variant = meta.labels.find(api::names::variantLabel);
  if (!name) return {};
  return {{meta.key.ns, *name}, variant ? *variant : ""};
}

void setRegion(Snapshot& s, const std::string& name, std::shared_ptr<const api::Region> region) {
  s.region = std::move(region);
  if (!s.region) {
    s.regionProblem =
        fmt::format("region {} has no Region object in this cluster: apply it", name);
  } else if (!s.region->decodeError.empty()) {
    s.regionProblem = fmt::format("the Region object {} cannot be read, correct it: {}", name,
                                  s.region->decodeError);
    s.region = nullptr;
  }
}

Snapshot gather(const Caches& caches, const std::string& regionName) {
  Snapshot s;
  s.deployments = caches.deployments.store().snapshot();
  s.passports = caches.passports.store().snapshot();
  s.exitOrders = caches.exitOrders.store().snapshot();
  s.policies = caches.policies.store().snapshot();
  s.regions = caches.regions.store().snapshot();
  setRegion(s, regionName, caches.regions.store().get(api::Key{"", regionName}));
  s.nodes = caches.nodes.store().snapshot();
  s.pods = caches.pods.store().snapshot();
  s.workloads = caches.workloads.store().snapshot();
  const auto sets = caches.leaderWorkerSets.store().snapshot();
  s.workloads.insert(s.workloads.end(), sets.begin(), sets.end());
  s.leaderWorkerSets = caches.leaderWorkerSets.available();
  return s;
}

std::vector<const api::ExitOrder*> drillsOf(const Snapshot& snapshot) {
  std::vector<const api::ExitOrder*> drills;
  for (const auto& order : snapshot.exitOrders) {
    if (order->spec.drill) drills.push_back(order.get());
  }
  return drills;
}

plan::World worldOf(const Snapshot& s) {
  plan::World world;
  world.region = s.region.get();
  world.fleet = s.fleet.get();
  world.leaderWorkerSets = s.leaderWorkerSets;
  world.nodes = pointers(s.nodes);
  world.pods = pointers(s.pods);
  world.deployments = pointers(s.deployments);
  for (const auto& passport : s.passports) world.passports[passport->meta.key.name] = passport.get();
  for (const auto& region : s.regions) world.regions[region->meta.key.name] = region.get();
  world.policies = pointers(s.policies);
  std::map<api::Key, const api::ModelDeployment*> deployments;
  for (const auto* deployment : world.deployments) deployments.emplace(deployment->meta.key, deployment);
  for (const auto& workload : s.workloads) {
    const auto [key, variant] = ownerOf(workload->meta);
    const auto owner = deployments.find(key);
    if (variant.empty() || owner == deployments.end()) continue;
    if (workload->meta.controllerUid != owner->second->meta.uid) continue;
    const auto runner = plan::runnerName(variant, workload->groups, *owner->second);
    world.workloads[{key, runner}] = workload.get();
  }
  return world;
}

}  // namespace bailiwick::reconcile
