#include "plan/exit_regions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bailiwick::plan {
namespace {

constexpr std::size_t maxShown = 128;  // as the CRD has it
constexpr std::size_t maxNamed = 10;

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
    all.push_back({peer.region, stateOf(own, peer)});
  }
  return all;
}

std::vector<api::ExitRegion> shown(std::vector<api::ExitRegion> regions) {
  if (regions.size() <= maxShown) return regions;
  std::stable_partition(regions.begin() + 1, regions.end(),
                        [](const auto& region) { return region.state != "Verified"; });
  regions.resize(maxShown);
  return regions;
}

std::string notVerified(const std::vector<api::ExitRegion>& regions) {
  std::string names;
  std::size_t count = 0;
  for (const auto& region : regions) {
    if (region.state == "Verified" || ++count > maxNamed) continue;
    names += fmt::format("{}{} {}", names.empty() ? "" : ", ", region.name, region.state);
  }
  return count <= maxNamed ? names : names + fmt::format(" and {} more", count - maxNamed);
}

}  // namespace bailiwick::plan
