#pragma once
// The conditions of a ModelDeployment, in the words of api.md: Ready, Reconciling and Stalled as
// kstatus reads them, then Placed, Compliant, ExitReady and SpecInSync.

#include <vector>

#include "plan/status.hpp"

namespace bailiwick::plan {

std::vector<api::Condition> conditionsOf(const StatusInput& input, api::Units readyUnits);

}  // namespace bailiwick::plan
