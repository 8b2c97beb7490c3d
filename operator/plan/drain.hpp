#pragma once
// What is known of the requests that a replica had when it was to go, and when its pod may be let go
// (protocols 4).

#include <optional>
#include <string>
#include <string_view>

#include "api/exit_order.hpp"
#include "api/workload.hpp"

namespace bailiwick::plan {

// The sidecar's termination message: {"inFlightAtDrain":20,"completed":20,"cut":0}. Untrusted: the
// three numbers and nothing else, none negative, and what was in flight was either completed or cut.
Result<api::DrainCount> parseDrainReport(std::string_view message);

struct Drained {
  std::optional<api::DrainCount> count;  // absent: unknown, never zero
  std::string why;                       // why it is unknown
  friend bool operator==(const Drained&, const Drained&) = default;
};

// Nothing while the pod is not being deleted, or may still tell.
std::optional<Drained> drainedOf(const api::Pod& pod);

// Whether the pod waits for us to record that.
bool holdsReport(const api::Pod& pod);

}  // namespace bailiwick::plan
