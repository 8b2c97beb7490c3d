#pragma once
// The peers of a region as a forecast knows them. Those that were read with it offer what they would
// have alone; of the others the region's own status relays what they said last. Pure.

#include <memory>
#include <vector>

#include "plugin/forecast.hpp"

namespace bailiwick::plugin {

// Null: it has none. `alone`: forecasts of every region that was read, each without peers.
std::shared_ptr<const fleet::FleetView> viewOf(const Forecast& region,
                                               const std::vector<Forecast>& alone);

}  // namespace bailiwick::plugin
