#pragma once
// What the status of a peer's Region object says here. Pure.

#include "fleet/health.hpp"
#include "peers/agreement.hpp"
#include "peers/peer_connection.hpp"

namespace bailiwick::peers {

struct PeerRegion {
  std::string self;                                   // our own region
  const api::Region* here = nullptr;                  // as this cluster has it
  std::shared_ptr<const api::Region> there;           // as its own cluster has it; may be null
  PeerSight sight;
  fleet::Judgement judgement;
  Finding agreement;
};

// The status as it should be. It differs from the present one only where health, a reason or a
// disagreement does: what only rewords it is not written, nor is a heartbeat by itself.
api::RegionStatus statusOf(const PeerRegion& peer, api::Time now);

}  // namespace bailiwick::peers
