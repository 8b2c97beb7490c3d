#pragma once
// A fleet for tests: placed and quiet.

#include "sim/fleet_sim.hpp"

namespace bailiwick::sim {

inline Options regionsOf(int count, int units) {
  Options options;
  options.regions = count;
  options.units = units;
  options.slots = units + 2;
  return options;
}

// A fleet that is placed and quiet.
class Fleet : public FleetSim {
 public:
  explicit Fleet(const Options& options, std::uint64_t seed = 7) : FleetSim(options, seed) {
    run(9000);
  }
  void wait(Millis time) { run(now() + time); }
  void settle() {
    heal();
    wait(30000);
    checkSettled();
  }
};

}  // namespace bailiwick::sim
