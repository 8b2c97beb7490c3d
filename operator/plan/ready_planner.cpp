#include "plan/ready_planner.hpp"

#include <algorithm>

#include "plan/exit_ready.hpp"

namespace bailiwick::plan {

Plan ReadyPlanner::place(World& world, const std::vector<const api::ExitOrder*>& drills) {
  const bool required =
      std::any_of(world.policies.begin(), world.policies.end(),
                  [](const auto* policy) {
                    return policy->rules.requireExitReady || policy->rules.drillMaxAge;
                  });
  if (required && world.region) {
    for (const auto* deployment : world.deployments) {
      world.exitReadiness[deployment->meta.key] = {true, "", world.now};
    }
    auto supposed = placeAll(world);
    supposed_.update(world, supposed);
    tellDrills(supposed, drills, *world.catalog);
    world.exitReadiness.clear();
    for (const auto& [key, deployment] : supposed.deployments) {
      // Of what would not be placed at all it is not known.
      if (deployment.dependencies.empty()) continue;
      world.exitReadiness[key] = forPolicies(deployment, world.now);
    }
  }
  auto plan = placeAll(world);
  planned_.update(world, plan);
  tellDrills(plan, drills, *world.catalog);
  return plan;
}

}  // namespace bailiwick::plan
