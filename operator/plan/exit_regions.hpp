#pragma once
// One exit order in several regions (protocols 7): the same name and spec is one logical order, and
// each region carries out its own part. Pure.

#include <memory>
#include <string>
#include <vector>

#include "api/exit_order.hpp"

namespace bailiwick::plan {

// What one peer has of the order's name.
struct PeerOrder {
  std::string region;
  bool known = false;  // it lives, and its orders are read
  std::shared_ptr<const api::ExitOrder> order;  // null: it has none
};

// The region itself first, then its peers.
std::vector<api::ExitRegion> exitRegionsOf(const api::ExitOrder& own, const std::string& region,
                                           bool verified, const std::vector<PeerOrder>& peers);
// Names of the peers that have done a drill and found that not all could be left.
std::vector<std::string> couldNotLeave(const api::ExitOrder& own, const std::vector<PeerOrder>& peers);
// As many as a status may tell: those that are not Verified before others.
std::vector<api::ExitRegion> shown(std::vector<api::ExitRegion> regions);
// Those that keep the whole fleet from being Verified, for people: "zrh NotOrdered, iad unknown".
std::string notVerified(const std::vector<api::ExitRegion>& regions);

}  // namespace bailiwick::plan
