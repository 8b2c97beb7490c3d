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

// A Region that cannot be read says nothing of what is lawful: nobody is judged by it.
void readRegion(Snapshot& s, const Caches& caches, const std::string& name) {
  s.region = caches.regions.store().get(api::Key{"", name});
  if (!s.region) {
    s.regionProblem =
        fmt::format("region {} has no Region object in this cluster: apply it", name);
  } else if (!s.region->decodeError.empty()) {
    s.regionProblem = fmt::format("the Region object {} cannot be read, correct it: {}", name,
                                  s.region->decodeError);
    s.region = nullptr;
  }
}

}  // namespace

std::pair<api::Key, std::string> ownerOf(const api::ObjectMeta& meta) {
  const auto* name = meta.labels.find(api::names::deploymentLabel);
  const auto* variant = meta.labels.find(api::names::variantLabel);
  if (!name) return {};
  return {{meta.key.ns, *name}, variant ? *variant : ""};
}

Snapshot gather(const Caches& caches, const std::string& regionName) {
  Snapshot s;
  s.deployments = caches.deployments.store().snapshot();
  s.passports = caches.passports.store().snapshot();
  s.policies = caches.policies.store().snapshot();
  s.regions = caches.regions.store().snapshot();
  readRegion(s, caches, regionName);
  s.nodes = caches.nodes.store().snapshot();
  s.pods = caches.pods.store().snapshot();
  s.workloads = caches.workloads.store().snapshot();
  const auto sets = caches.leaderWorkerSets.store().snapshot();
  s.workloads.insert(s.workloads.end(), sets.begin(), sets.end());
  s.leaderWorkerSets = caches.leaderWorkerSets.available();
  return s;
}

plan::World worldOf(const Snapshot& s) {
  plan::World world;
  world.region = s.region.get();
  world.leaderWorkerSets = s.leaderWorkerSets;
  world.nodes = pointers(s.nodes);
  world.pods = pointers(s.pods);
  world.deployments = pointers(s.deployments);
  for (const auto& passport : s.passports) world.passports[passport->meta.key.name] = passport.get();
  for (const auto& region : s.regions) world.regions[region->meta.key.name] = region.get();
  world.policies = pointers(s.policies);
  std::map<api::Key, std::string> uids;
  for (const auto& deployment : s.deployments) {
    uids.emplace(deployment->meta.key, deployment->meta.uid);
  }
  for (const auto& workload : s.workloads) {
    auto owner = ownerOf(workload->meta);
    const auto uid = uids.find(owner.first);
    if (owner.second.empty() || uid == uids.end()) continue;
    if (workload->meta.controllerUid != uid->second) continue;
    world.workloads[std::move(owner)] = workload.get();
  }
  return world;
}

}  // namespace bailiwick::reconcile
