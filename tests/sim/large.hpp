#pragma once
// Schedules of large fleets: a region is lost and comes back.

#include <functional>
#include <string>
#include <vector>

#include "sim/fleet_sim.hpp"

namespace bailiwick::sim {

struct Large {
  std::vector<std::string> violations;
  std::int64_t taken = 0;  // units that others took over while it was away
  int writes = 0;          // of all regions: for the loss and the return
};

// With the default thresholds of a deployment, and operators that look once a second.
Options largeFleet(int regions, int deployments, int units);
// `tell` is told what comes next, and the virtual seconds that have passed of how many.
using Tell = std::function<void(const char* what, int passed, int of)>;
Large loseAndRegain(const Options& options, std::uint64_t seed, const Tell& tell = {});

}  // namespace bailiwick::sim
