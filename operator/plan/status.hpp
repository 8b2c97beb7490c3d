#pragma once
// What a deployment's status says: pure, from plan, step and what was said before. A transition time
// changes only when a condition flips.

#include <string>
#include <vector>

#include "plan/placement.hpp"
#include "plan/transition.hpp"

namespace bailiwick::plan {

struct StatusInput {
  // As it is now: the plan may be of an older status, but never of an older spec.
  const api::ModelDeployment& current;
  const DeploymentPlan& plan;
  const Step& step;
  const api::Region& region;
  api::Time now;
  std::string specHash, passportHash;
  // Names that belong to somebody else: "Service assistant".
  std::vector<std::string> takenNames;
  // The workload's own words where it cannot create pods or does not progress, by variant.
  std::vector<policy::Refusal> failures;
  const Inventory& inventory;
  const Pools& pools;
  // Objects were written just now, or could not be for a reason that may pass.
  bool writing = false;
};

struct Told {
  api::ModelDeploymentStatus status;
  // What it does not say yet, because offers change often: it is told then.
  std::optional<api::Time> moreAt;
};

Told statusOf(const StatusInput& input);

// The names of the pools that a variant is offered on, as Region.status has them.
std::vector<std::string> offeredPools(const VariantPlan& variant, const Pools& pools);

// While no Region object says where this cluster is: `problem` tells why and what to do.
api::ModelDeploymentStatus withoutRegion(const api::ModelDeployment& current,
                                         const std::string& problem, api::Time now);

}  // namespace bailiwick::plan
