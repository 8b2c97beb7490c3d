#include "plan/exit_regions.hpp"

#include <fmt/format.h>

namespace bailiwick::plan {
namespace {

constexpr std::size_t maxRegions = 128;

// Pausing is each region's own.
bool sameOrder(const api::ExitOrder& a, const api::ExitOrder& b) {
  auto x = a.spec, y = b.spec;
  x.paused = y.paused;
  return a.decodeError.empty() && b.decodeError.empty() && x == y;
}

std::string stateOf(const api::ExitOrder& own, const PeerOrder& peer) {
  if (!peer.known) return "unknown";
  if (!peer.order || !sameOrder(own, *peer.order)) return "NotOrdered";
  return peer.order->status.phase == api::ExitPhase::Verified ? "Verified" : "Ordered";
}

}  // namespace

std::vector<api::ExitRegion> exitRegionsOf(const api::ExitOrder& own, const std::string& region,
                                           bool verified, const std::vector<PeerOrder>& peers) {
  std::vector<api::ExitRegion> all{{region, verified ? "Verified" : "Ordered"}};
  for (const auto& peer : peers) {
    if (all.size() == maxRegions) break;
    all.push_back({peer.region, stateOf(own, peer)});
  }
  return all;
}

std::string notVerified(const std::vector<api::ExitRegion>& regions) {
  std::string names;
  for (const auto& region : regions) {
    if (region.state == "Verified") continue;
    names += fmt::format("{}{} {}", names.empty() ? "" : ", ", region.name, region.state);
  }
  return names;
}

}  // namespace bailiwick::plan
