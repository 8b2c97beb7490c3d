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

// A small fleet, placed, some faults, all healed, and time to settle. Of each fourth seed the faults
// meet a handover. `tell`: with the story.
Outcome runSchedule(std::uint64_t seed, Bug bug = Bug::None, bool tell = false);

// The first seed of so many that violates something, or -1.
std::int64_t firstFailure(std::uint64_t from, int schedules, Bug bug);

// The seeds that violate something, by so many threads; it ends once there are `most` of them.
std::vector<std::uint64_t> failures(std::uint64_t from, std::uint64_t schedules, std::size_t most,
                                    unsigned threads, Bug bug = Bug::None);

// What is wrong with how an undisturbed fleet has placed its deployments.
std::vector<std::string> misplaced(const FleetSim& sim, const Options& options);

}  // namespace bailiwick::sim
