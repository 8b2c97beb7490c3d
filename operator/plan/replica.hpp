#pragma once
// What runs of a deployment: its replicas, each judged against the law as it is now.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/workload.hpp"
#include "plan/former.hpp"
#include "plan/inventory.hpp"
#include "policy/refusal.hpp"

namespace bailiwick::plan {

// What the operator itself remembers of pods, by uid: their annotations are others' to change, and
// others may keep us from setting them.
struct PodMemory {
  std::map<std::string, api::Time> unlawfulSince;
  std::set<std::string> cannotMark;  // the last attempt to annotate it failed
};

// A Deployment runs the replicas of a variant, or a LeaderWorkerSet where they span nodes. Where its
// spec changed from the one to the other, or an older version made both, the one that the spec does not
// ask for is known by another name than the variant's, and is given up as if the variant had left.
std::string runnerName(const std::string& variant, bool groups,
                       const api::ModelDeployment& deployment);
std::string variantOf(const std::string& runner);

struct Replica {
  const api::Pod* pod = nullptr;  // the pod; of a LeaderWorkerSet's group its leader, or what is left
  std::vector<const api::Pod*> workers;
  std::string variant;  // the name of its runner
  int group = -1;  // of the inventory; -1 when not bound or on an unknown node
  int index = -1;  // of the LeaderWorkerSet's group; -1 for a Deployment's pod
  bool bound = false;
  bool ready = false;
  bool terminating = false;
  bool lost = false;   // bound to a node that is gone or not Ready: weather; never ready then
  bool cordoned = false;  // bound to a node that somebody empties: replaced where there is room
  Leave leave = Leave::Stay;  // an exit order's doing
  const Former* former = nullptr;  // of DeploymentPlan::formers
  bool stuck = false;  // not Ready for longer than rollout.progressDeadline
  std::optional<policy::Refusal> unlawful;
  // Set where `unlawful` is: the earliest that the pod's annotation or our own memory says, in whole
  // seconds and never later than now.
  std::optional<api::Time> unlawfulSince;
  bool cannotMark = false;  // its annotations are as they are

  // It goes when there is room elsewhere, and stays where there is none.
  bool wantsReplacement() const { return cordoned || leave == Leave::First; }
};

// When what has not started since then is given up. The API server cuts times to whole seconds: none
// of rollout.progressDeadline may be lost by that.
api::Time startDeadline(api::Time since, const api::ModelDeployment& deployment);

struct ReplicaContext {
  const api::ModelDeployment& deployment;
  const Inventory& inventory;
  const api::Region& region;
  const catalog::Catalog& catalog;
  api::Time now;
  // Set when the law refuses the whole deployment here: then every replica is unlawful for it.
  const policy::Refusal* refused = nullptr;
  const PodMemory& memory;
  // What policies say of the variants, by name, and of what the spec no longer says.
  const std::map<std::string, VariantLaw>* laws = nullptr;
  const Formers* formers = nullptr;
};

// What each replica of a workload is worth, as was written on it when its variant was in the spec.
api::Units capacityOf(const api::Workload* workload);

// How many of a variant's replicas are the extra ones of a rolling update: its controller's own,
// neither planned nor given up by us. They are the worst ones in the order of transition.cpp.
int surgeOf(const std::vector<Replica>& replicas, const std::string& variant,
            const api::Workload* workload);
// Whether replicas of an older template still run.
bool rolling(const std::vector<Replica>& replicas, const std::string& variant,
             const api::Workload* workload);

// Nodes that a bound group still waits for.
int unboundParts(const Replica& replica, const api::Variant& variant);

// Pods that are terminated (Succeeded, Failed) are left out. Ordered by variant, then age and name.
std::vector<Replica> replicas(const ReplicaContext& context,
                              const std::vector<const api::Pod*>& pods);

}  // namespace bailiwick::plan
