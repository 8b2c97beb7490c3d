#pragma once
// What of a peer's deployment is its own word.

#include <string_view>

#include "api/model_deployment.hpp"

namespace bailiwick::fleet {

// Whether all that plans of other regions depend on is the same in both: spec, labels and annotations,
// and what the region says of itself. What it relays of others is nobody's word.
bool saysTheSame(const api::ModelDeployment& before, const api::ModelDeployment& after,
                 std::string_view region);

}  // namespace bailiwick::fleet
