#include "sim/large.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/schedule.hpp"

namespace bailiwick::sim {
namespace {

constexpr Millis placing = 20'000, losing = 20'000, returning = 40'000;
constexpr int lost = 1;
constexpr Millis second = 1000;

void pass(FleetSim& sim, Millis time, const char* what, const Tell& tell) {
  const auto end = sim.now() + time;
  while (sim.now() < end) {
    if (tell) {
      tell(what, static_cast<int>(sim.now() / second),
           static_cast<int>((placing + losing + returning) / second));
    }
    sim.run(std::min(end, sim.now() + second));
  }
}

}  // namespace

Options largeFleet(int regions, int deployments, int units) {
  Options options;
  options.regions = regions;
  options.deployments = deployments;
  options.units = units;
  options.slots = units / regions + 2;
  options.failover = {api::Duration(4000), api::Duration(10'000), api::Duration(12'000), "Hold",
                      "Hold"};
  options.pace = 4;
  options.reads = 1 + regions / 10;
  options.history = 1;
  return options;
}

Large loseAndRegain(const Options& options, std::uint64_t seed, const Tell& tell) {
  FleetSim sim(options, seed);
  Large large;
  pass(sim, placing, "placing", tell);
  large.violations = misplaced(sim, options);
  const int before = sim.writes();
  sim.kill(lost, true);
  pass(sim, losing, "a region is lost", tell);
  for (int d = 0; d < options.deployments; ++d) {
    large.taken += sim.shareOf(lost, d);
    if (sim.ready(d) >= options.units * 1000) continue;
    large.violations.push_back(fmt::format("{} of {} units are Ready without the lost region",
                                           sim.ready(d), options.units * 1000));
    if (large.violations.size() > 20) break;
  }
  sim.heal();
  pass(sim, returning, "it comes back", tell);
  sim.checkSettled();
  large.writes = sim.writes() - before;
  const auto& found = sim.violations();
  large.violations.insert(large.violations.end(), found.begin(), found.end());
  return large;
}

}  // namespace bailiwick::sim
