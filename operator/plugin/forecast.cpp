#include "plugin/forecast.hpp"

#include <algorithm>
#include <map>

#include "api/hash.hpp"
#include "plan/ready_planner.hpp"
#include "plan/status.hpp"
#include "plan/transition.hpp"
#include "plugin/fleet_view.hpp"
#include "render/render.hpp"

namespace bailiwick::plugin {
namespace {

// Longer than the operator ever withdraws a variant; a plan is of one moment.
constexpr auto untilFurtherNotice = std::chrono::hours(24);

// The operator keeps in memory what did not start. Its last status says it too.
decltype(plan::World::withdrawn) withdrawnOf(const KnownRegion& known, api::Time now) {
  decltype(plan::World::withdrawn) withdrawn;
  for (const auto& deployment : known.snapshot.deployments) {
    if (deployment->status.observedGeneration != deployment->meta.generation) continue;
    for (const auto& entry : deployment->status.regions) {
      if (!entry.self || entry.name != known.name()) continue;
      for (const auto& offer : entry.offer) {
        if (offer.reason != "NotStarting") continue;
        withdrawn[{deployment->meta.uid, offer.variant}] = {now + untilFurtherNotice,
                                                            offer.message};
      }
    }
  }
  return withdrawn;
}

// As each order will act once it has begun: what it targets leaves, unless it waits.
std::vector<plan::ExitInForce> inForce(const reconcile::Snapshot& snapshot) {
  std::vector<plan::ExitInForce> exits;
  for (const auto& order : snapshot.exitOrders) {
    if (order->spec.drill || !order->decodeError.empty()) continue;
    exits.push_back({order.get(), !order->spec.paused, false, false});
  }
  return exits;
}

std::map<std::string, const api::Workload*> workloadsOf(const plan::World& world,
                                                        const api::Key& key) {
  std::map<std::string, const api::Workload*> workloads;
  for (const auto& [owner, workload] : world.workloads) {
    if (owner.first == key) workloads.emplace(owner.second, workload);
  }
  return workloads;
}

void planFor(Forecast& forecast, const Judge& judge) {
  auto& world = forecast.world;
  const auto& known = forecast.known;
  world = reconcile::worldOf(known.snapshot);
  world.catalog = judge.catalog;
  world.settings = judge.settings;
  world.now = judge.now;
  render::Environment environment;
  environment.region = world.region;
  environment.catalog = judge.catalog;
  environment.runtimeClasses = known.runtimeClasses;
  world.renderable = [environment](const api::ModelDeployment& deployment,
                                   const api::Variant& variant,
                                   const api::ModelPassport& passport) {
    return render::unrenderable(deployment, variant, passport, environment);
  };
  world.withdrawn = withdrawnOf(known, judge.now);
  world.exits = inForce(known.snapshot);
  if (forecast.fleet) {
    auto memory = std::make_shared<fleet::Memory>(known.name());
    memory->update(*forecast.fleet, world.deployments, judge.now);
    forecast.memory = std::move(memory);
    world.fleet = forecast.fleet.get();
    world.fleetMemory = forecast.memory.get();
  }
  forecast.plan = plan::ReadyPlanner().place(world, reconcile::drillsOf(known.snapshot));
}

}  // namespace

std::vector<Forecast> forecast(std::vector<KnownRegion> regions, const Judge& judge) {
  std::vector<Forecast> forecasts(regions.size());
  const bool together = regions.size() > 1;
  for (std::size_t r = 0; r < regions.size(); ++r) {
    forecasts[r].known = std::move(regions[r]);
    // What each offers alone is what it says to the others.
    if (together) planFor(forecasts[r], judge);
  }
  std::vector<std::shared_ptr<const fleet::FleetView>> views;
  for (const auto& one : forecasts) views.push_back(viewOf(one, forecasts));
  for (std::size_t r = 0; r < forecasts.size(); ++r) {
    forecasts[r].fleet = views[r];
    if (views[r] || !together) planFor(forecasts[r], judge);
  }
  return forecasts;
}

Shares Forecast::elsewhere(const plan::DeploymentPlan& deployment) const {
  Shares shares;
  if (!deployment.fleet) return shares;
  for (const auto& peer : deployment.fleet->peers) {
    if (peer.counts && peer.admitted && peer.claim && !peer.claim->share.empty()) {
      shares.emplace_back(peer.name, peer.claim->share);
    }
  }
  return shares;
}

api::ModelDeploymentStatus Forecast::statusOf(const plan::DeploymentPlan& deployment) const {
  const auto& current = *deployment.deployment;
  const auto step =
      plan::nextStep(deployment, workloadsOf(world, current.meta.key), world.now);
  return plan::statusOf({current, deployment, step, region(), world.now,
                         api::specHash(current.spec), "", {}, {}, plan.inventory, plan.pools,
                         false}).status;
}

}  // namespace bailiwick::plugin
