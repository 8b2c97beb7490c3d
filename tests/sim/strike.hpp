#pragma once
// One random fault.

#include <fmt/format.h>

#include <string>

#include "sim/fleet_sim.hpp"

namespace bailiwick::sim {

// Tells people what was done; to nobody where `story` is null.
class Storyteller {
 public:
  Storyteller(const FleetSim& sim, std::string* story) : sim_(sim), story_(story) {}
  template <class... Args>
  void tell(fmt::format_string<Args...> text, Args&&... args) {
    if (!story_) return;
    *story_ += fmt::format("{:6} ms  ", sim_.now()) +
               fmt::format(text, std::forward<Args>(args)...) + "\n";
  }

 private:
  const FleetSim& sim_;
  std::string* story_;
};

// `extra` decides on what came later to the faults: so older seeds keep their meaning.
void strike(FleetSim& sim, Random& random, Random& extra, Storyteller& story,
            const Options& options);

}  // namespace bailiwick::sim
