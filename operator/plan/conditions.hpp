#pragma once
// The conditions of a ModelDeployment, in the words of api.md: Ready, Reconciling and Stalled as
// kstatus reads them, then Placed, Compliant, ExitReady and SpecInSync.

#include <string>
#include <vector>

#include "plan/status.hpp"

namespace bailiwick::plan {

std::vector<api::Condition> conditionsOf(const StatusInput& input, api::Units readyUnits);

// A condition judged now: its transition time is that of `before` unless it flipped, its message is
// cut to what status has room for.
api::Condition judged(api::Condition condition, const std::vector<api::Condition>& before,
                      api::Time now);

// At most `limit` bytes, cut between characters: the kubelet's own words may be UTF-8.
std::string shortened(std::string text, std::size_t limit);

}  // namespace bailiwick::plan
