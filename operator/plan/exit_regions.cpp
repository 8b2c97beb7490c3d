#include "plan/exit_regions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bailiwick::plan {
namespace {

constexpr std::size_t maxShown = 128;  // as the CRD has it
constexpr std::size_t maxNamed = 10;

// Such as a policy makes in each region, each by when it was first violated there.
bool isOfItsPolicy(const api::ExitOrder& order) {
  api::ExitTarget policy;
  policy.policies = {order.meta.key.name};
  return order.spec.target == policy;
}

// Pausing is each region's own.
bool sameOrder(const api::ExitOrder& a, const api::ExitOrder& b) {
  auto x = a.spec, y = b.spec;
  x.paused = y.paused;
  if (isOfItsPolicy(a)) x.deadline = y.deadline;
  return a.decodeError.empty() && b.decodeError.empty() && x == y;
}

// A drill ends with its answer, whatever that is.
bool hasEnded(const api::ExitOrder& order) {
  const auto& phase = order.status.phase;
  return phase == api::ExitPhase::Verified ||
         (order.spec.drill && phase == api::ExitPhase::Blocked);
}

std::string stateOf(const api::ExitOrder& own, const PeerOrder& peer) {
  if (!peer.known) return "unknown";
  if (!peer.order || !sameOrder(own, *peer.order)) return "NotOrdered";
  return hasEnded(*peer.order) ? "Verified" : "Ordered";
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

std::vector<std::string> couldNotLeave(const api::ExitOrder& own,
                                       const std::vector<PeerOrder>& peers) {
  std::vector<std::string> names;
  for (const auto& peer : peers) {
    if (!own.spec.drill || stateOf(own, peer) != "Verified") continue;
    if (peer.order->status.phase == api::ExitPhase::Blocked) names.push_back(peer.region);
  }
  return names;
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
