#pragma once
// The ExitOrder that a command line asks for. Pure.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/time.hpp"
#include "plugin/exit_options.hpp"
#include "plugin/failure.hpp"

namespace bailiwick::plugin {

// The words before "=" of a TARGET: the singular of every target key of the ExitOrder.
std::vector<std::string> targetKeys();

// Judged by the CRD's schema. `now`: the deadline is after it; a drill's is a day later unless told.
Outcome<nlohmann::ordered_json> orderManifest(const OrderOptions& options, api::Time now);

}  // namespace bailiwick::plugin
