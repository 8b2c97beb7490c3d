#pragma once
// The operator's own plan of a region as it is known here: the same code on the same kind of world.

#include <memory>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "fleet/memory.hpp"
#include "fleet/view.hpp"
#include "plan/placement.hpp"
#include "plugin/known_region.hpp"

namespace bailiwick::plugin {

struct Judge {
  const catalog::Catalog* catalog = nullptr;
  const policy::Settings* settings = nullptr;  // as the region's operator has them
  api::Time now;
};

// By region.
using Shares = std::vector<std::pair<std::string, std::vector<api::VariantCount>>>;

// A plan and what it was made of, which it refers to. With peers it is what they all come to once every
// handover is done.
struct Forecast {
  KnownRegion known;
  std::shared_ptr<const fleet::FleetView> fleet;  // null: the region is alone
  std::shared_ptr<const fleet::Memory> memory;
  plan::World world;
  plan::Plan plan;

  const api::Region& region() const { return *world.region; }
  // What other regions are to run of it: peers that count and have a share, by name.
  Shares elsewhere(const plan::DeploymentPlan& deployment) const;
  // What the operator would write as the status of this deployment, which is in the plan.
  api::ModelDeploymentStatus statusOf(const plan::DeploymentPlan& deployment) const;
};

// Of regions that were read together, in their order. Of a peer that is not among them, a region knows
// what its own status relays.
std::vector<Forecast> forecast(std::vector<KnownRegion> regions, const Judge& judge);

}  // namespace bailiwick::plugin
