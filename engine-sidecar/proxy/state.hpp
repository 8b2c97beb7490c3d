#pragma once
// What /state shows a person: routes with their health, places, drain, and what was refused.

#include <string>

#include "proxy/core.hpp"
#include "proxy/route_follower.hpp"

namespace bailiwick::sidecar {

std::string stateOf(const Core& core, const RouteFollower& source);

}  // namespace bailiwick::sidecar
