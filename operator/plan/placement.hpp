#pragma once
// Who gets what: every deployment of the region, in order of priority and age, against what the
// nodes offer. Pure and deterministic; the order of the inputs does not matter.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"
#include "api/region.hpp"
#include "api/workload.hpp"
#include "catalog/catalog.hpp"
#include "plan/dependency.hpp"
#include "plan/fleet_share.hpp"
#include "plan/former.hpp"
#include "plan/inventory.hpp"
#include "plan/replica.hpp"
#include "plan/requirement.hpp"
#include "policy/check.hpp"
#include "policy/refusal.hpp"
#include "policy/target.hpp"

namespace bailiwick::plan {

// A variant that did not start gets no new replicas before a time.
struct Withdrawal {
  api::Time until{};
  std::string why;  // the message of its refusal then: who could say more may be gone since
};

// Objects of a variant that the API server, or somebody else's object of that name, refuses.
struct ApplyRefusal {
  api::Time since{};  // the first time in a row
  int replicas = 0;   // that the workload was to have
  std::string why;
};

// Everything that a plan depends on, by reference: the caller keeps it alive.
struct World {
  const catalog::Catalog* catalog = nullptr;
  const api::Region* region = nullptr;  // null: absent, or cannot be read
  const policy::Settings* settings = nullptr;
  bool leaderWorkerSets = false;  // the API is installed
  api::Time now;
  std::vector<const api::Node*> nodes;
  std::vector<const api::Pod*> pods;  // all of the cluster: other people's take devices too
  std::vector<const api::ModelDeployment*> deployments;
  policy::Passports passports;
  policy::Regions regions;  // every one that this cluster knows
  std::vector<const api::SovereigntyPolicy*> policies;
  // What exit readiness says of a deployment as it is placed; without an entry it is not known.
  std::map<api::Key, policy::ExitReadiness> exitReadiness;
  // Workloads that a deployment controls, by its key and their runner's name.
  std::map<std::pair<api::Key, std::string>, const api::Workload*> workloads;
  // A further refusal of a variant that passed every check: what cannot be rendered is not offered.
  std::function<std::optional<policy::Refusal>(const api::ModelDeployment&, const api::Variant&,
                                               const api::ModelPassport&)>
      renderable;
  // By deployment uid and variant.
  std::map<std::pair<std::string, std::string>, Withdrawal> withdrawn;
  std::map<std::pair<std::string, std::string>, ApplyRefusal> applyRefusals;
  PodMemory podMemory;
  std::vector<ExitInForce> exits;
  // Peers, and what is remembered of them; without peers the region is alone.
  const fleet::FleetView* fleet = nullptr;
  const fleet::Memory* fleetMemory = nullptr;
};

struct VariantPlan {
  const api::Variant* variant = nullptr;
  const api::ModelPassport* passport = nullptr;
  VariantLaw law;
  std::optional<Requirement> requirement;  // absent: refused before nodes were looked at
  std::vector<int> groups;                 // eligible ones
  int offer = 0;  // replicas held plus free, capped at what the deployment could use
  int share = 0;  // replicas to run here
  int cordoned = 0;  // of the share, replicas that stay on cordoned nodes for want of other room
  bool stuck = false;  // has replicas that do not start
  // Only replaced replicas of this deployment stand in the way of new ones:
  // rollout.maxUnavailable decides.
  bool noRoomToSurge = false;
  bool neverFits = false;  // a replica waits that no eligible node could hold even if it were empty
  // Exit orders that leave it: it gets no new replicas, and those that it has may have to go. Such
  // ones that stay for want of a replacement are counted in `cordoned`.
  std::vector<Targeting> exits;
  Leave leave = Leave::Stay;
  // Why it is refused or has fewer than it could use.
  std::optional<policy::Refusal> refusal;
};

struct DeploymentPlan {
  const api::ModelDeployment* deployment = nullptr;
  // In this region: replicas, at most maxPerRegion; with peers, what is to be served here until they
  // are known to serve it.
  api::Units wanted = 0;
  api::Units assigned = 0;  // by the shares
  std::optional<policy::Refusal> refusal;  // concerns the whole deployment
  // Paused, or a spec that cannot be understood: what runs stays as it is, but for the law.
  bool onHold = false;
  std::vector<VariantPlan> variants;       // in the spec's order
  Formers formers;                         // what runs and is not in the spec any more
  std::vector<Replica> replicas;           // what runs, obsolete variants included
  std::vector<Answer> dependencies;        // filled in by Readiness

  std::optional<FleetShare> fleet;         // with peers only

  // When time alone may change this: evidence or a certificate runs out, an exit order begins to
  // stop.
  std::optional<api::Time> until;

  const VariantPlan* variant(std::string_view name) const;
};

struct Plan {
  std::map<api::Key, DeploymentPlan> deployments;
  Inventory inventory;
  Pools pools;
};

// The deployments in the order in which they take capacity: higher priority first, then older. What
// is being deleted is left out.
std::vector<const api::ModelDeployment*> inOrder(const World& world);

// Needs a Region; without one nothing is planned and what runs stays. An exception while one
// deployment is planned is that deployment's refusal.
Plan placeAll(const World& world);

}  // namespace bailiwick::plan
