#pragma once
// The operator's own plan of a region as it is known here: the same code on the same kind of world.

#include <string>

#include "api/model_deployment.hpp"
#include "plan/placement.hpp"
#include "plugin/known_region.hpp"

namespace bailiwick::plugin {

struct Judge {
  const catalog::Catalog* catalog = nullptr;
  const policy::Settings* settings = nullptr;  // as the region's operator has them
  api::Time now;
};

// A plan and what it was made of, which it refers to.
struct Forecast {
  KnownRegion known;
  plan::World world;
  plan::Plan plan;

  const api::Region& region() const { return *world.region; }
  // What the operator would write as the status of this deployment, which is in the plan.
  api::ModelDeploymentStatus statusOf(const plan::DeploymentPlan& deployment) const;
};

Forecast forecast(KnownRegion known, const Judge& judge);

}  // namespace bailiwick::plugin
