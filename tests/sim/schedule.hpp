#pragma once
// Random schedules of faults, each from one seed.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/fleet_sim.hpp"

namespace bailiwick::sim {

struct Outcome {
  std::vector<std::string> violations;
  std::string story;  // the faults, for people
};

// A small fleet, placed, some faults, all healed, and time to settle. `tell`: with the story.
Outcome runSchedule(std::uint64_t seed, Bug bug = Bug::None, bool tell = false);

// The first seed of so many that violates something, or -1.
std::int64_t firstFailure(std::uint64_t from, int schedules, Bug bug);

}  // namespace bailiwick::sim
