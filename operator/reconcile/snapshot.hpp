#pragma once
// All that a plan depends on, as of one moment: taken from the caches, kept alive with the plan.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plan/placement.hpp"
#include "reconcile/caches.hpp"

namespace bailiwick::reconcile {

struct Snapshot {
  std::vector<std::shared_ptr<const api::ModelDeployment>> deployments;
  std::vector<std::shared_ptr<const api::ModelPassport>> passports;
  std::vector<std::shared_ptr<const api::ExitOrder>> exitOrders;
  std::vector<std::shared_ptr<const api::SovereigntyPolicy>> policies;
  std::vector<std::shared_ptr<const api::Region>> regions;
  std::shared_ptr<const api::Region> region;  // our own; null when it is missing or unreadable
  std::string regionProblem;                  // why it is null, and what to do
  std::vector<std::shared_ptr<const api::Node>> nodes;
  std::vector<std::shared_ptr<const api::Pod>> pods;
  std::vector<std::shared_ptr<const api::Workload>> workloads;  // LeaderWorkerSets included
  bool leaderWorkerSets = false;  // the API is installed
  std::shared_ptr<const fleet::FleetView> fleet;  // null: no peers
};

Snapshot gather(const Caches& caches, const std::string& regionName);

// The Region of that name, or null where there is none. One that cannot be read says nothing of what
// is lawful: nobody is judged by it.
void setRegion(Snapshot& snapshot, const std::string& name,
               std::shared_ptr<const api::Region> region);

// The world that the snapshot shows; it refers into the snapshot.
plan::World worldOf(const Snapshot& snapshot);

std::vector<const api::ExitOrder*> drillsOf(const Snapshot& snapshot);

// (deployment, variant) of a workload or pod of ours, by its labels; empty names when it has none.
std::pair<api::Key, std::string> ownerOf(const api::ObjectMeta& meta);

}  // namespace bailiwick::reconcile
