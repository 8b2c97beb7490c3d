#pragma once
// The sidecar's metrics in Prometheus' text format. Names and labels are fixed here; dashboards
// depend on them.

#include <string>
#include <vector>

#include "metrics/tally.hpp"
#include "route/drain.hpp"

namespace bailiwick::sidecar {

// What is true at this moment rather than counted.
struct Snapshot {
  struct Table {
    std::string deployment;
    std::int64_t generation = 0;
    double ageSeconds = 0;
    std::uint64_t refused = 0;  // tables that were not taken
  };
  struct BackendState {
    std::string deployment, backend;
    bool usable = false;  // would be chosen now
  };
  std::string version;
  int inFlight = 0, queued = 0;
  DrainState drain = DrainState::Serving;
  DrainReport report;
  std::int64_t copyBytes = 0;
  std::vector<Table> tables;
  std::vector<BackendState> backends;
};

// The tallies of all threads, added up.
std::string exposition(const std::vector<const Tally*>& tallies, const Snapshot& now);

}  // namespace bailiwick::sidecar
