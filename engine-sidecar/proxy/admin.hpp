#pragma once
// The small servers beside the data path. Admin (loopback) may start a drain; observe, which
// everybody in the pod network reaches, changes nothing.

#include <functional>
#include <string>

#include "proxy/core.hpp"
#include "proxy/stream.hpp"

namespace bailiwick::sidecar {

enum class Wicket { Admin, Observe };

struct Views {
  std::function<std::string()> metrics;  // Prometheus' text format
  std::function<std::string()> state;    // JSON
};

// One request per connection.
Task<void> serveAdmin(Core& core, Stream client, Wicket wicket, const Views& views);

// Whether this replica should get requests, and whether its engine is well.
bool isReady(const Core& core);
bool isEngineWell(const Plane& plane);

}  // namespace bailiwick::sidecar
