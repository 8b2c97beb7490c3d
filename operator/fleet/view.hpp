#pragma once
// What this region knows of its peers at one moment: filled in by the shell (operator/peers), kept as
// it is for the time of one plan.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/region.hpp"
#include "fleet/health.hpp"

namespace bailiwick::fleet {

using PeerDeployments = std::map<api::Key, std::shared_ptr<const api::ModelDeployment>>;

struct Peer {
  std::string name;
  // Its Region object as this cluster has it: the law is judged by that one.
  std::shared_ptr<const api::Region> region;
  // The same as its own cluster has it: prices, cordon and pools are its own word. Null: never read.
  std::shared_ptr<const api::Region> own;
  Sightings sightings;
  // Its ModelDeployments as they were last seen; null: never read. What it says of itself is the entry
  // of each that carries its name and `self`; other entries are relayed and nobody's word.
  std::shared_ptr<const PeerDeployments> deployments;
  // Those of them that are shown and cannot be understood: what was last said stands.
  std::set<api::Key> unreadable{};
  bool manyUnreadable = false;  // any of them may be
};

// Without peers a region is alone and nothing of the fleet applies.
struct FleetView {
  Mono now{};
  std::vector<Peer> peers;  // by name; those of which a Region object says how to reach them
  // A forecast: what is decided counts as done at once, here and by the peers that are Live.
  bool settled = false;
};

// What the region of that name says of itself, or nullptr.
const api::RegionEntry* selfEntry(const api::ModelDeployment& deployment, std::string_view region);

}  // namespace bailiwick::fleet
