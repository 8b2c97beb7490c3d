#pragma once
// What runs of a deployment: its replicas, each judged against the law as it is now.

#include <optional>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/workload.hpp"
#include "plan/inventory.hpp"
#include "policy/refusal.hpp"

namespace bailiwick::plan {

struct Replica {
  const api::Pod* pod = nullptr;  // the pod, or the leader of a LeaderWorkerSet's group
  std::vector<const api::Pod*> workers;
  std::string variant;
  int group = -1;  // of the inventory; -1 when not bound or on an unknown node
  int index = -1;  // of the LeaderWorkerSet's group; -1 for a Deployment's pod
  bool bound = false;
  bool ready = false;
  bool terminating = false;
  bool lost = false;   // bound to a node that is gone or not Ready: weather
  bool stuck = false;  // not Ready for longer than rollout.progressDeadline
  std::optional<policy::Refusal> unlawful;
};

struct ReplicaContext {
  const api::ModelDeployment& deployment;
  const Inventory& inventory;
  const api::Region& region;
  const catalog::Catalog& catalog;
  api::Time now;
  // Set when the law refuses the whole deployment here: then every replica is unlawful for it.
  const policy::Refusal* refused = nullptr;
};

// Pods that are terminated (Succeeded, Failed) are left out. Ordered by variant, then age and name.
std::vector<Replica> replicas(const ReplicaContext& context,
                              const std::vector<const api::Pod*>& pods);

}  // namespace bailiwick::plan
