#pragma once
// What lets a peer read a region. Pure.

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "api/region.hpp"

namespace bailiwick::plugin {

using Manifest = nlohmann::ordered_json;

// On the RoleBinding, in the heartbeat's namespace, of the account that a peer has here, whoever made
// it under whatever name: its value is the peer. Nobody but who runs the fleet writes there.
inline constexpr char peerLabel[] = "bailiwick.dev/peer";
// Where heartbeats and credentials are in every cluster.
inline constexpr char fleetNamespace[] = "bailiwick-system";

// "bailiwick-peer-zrh": one account for each peer, so that one can be shut out alone.
std::string peerAccount(const std::string& peer);
// The accounts that these RoleBindings give to the peer.
std::set<api::Key> accountsOf(const std::string& peer, const std::vector<Manifest>& bindings);

// To be applied in the region that is to be read: the account, get, list and watch of the five kinds
// and of the region's heartbeat, and the right to renew its own token.
std::vector<Manifest> accountManifests(const std::string& region, const std::string& peer,
                                       const std::string& ns);

// To be applied in the peer: the Secret with the token.
Manifest credentialManifest(const std::string& region, const std::string& token);
// The Region object as every cluster of the fleet is to have it. `object` is the one of its own
// cluster; what only that one knows goes.
Manifest regionManifest(Manifest object, const std::string& server, const std::string& caBundle);

// Documents for kubectl apply.
std::string documentsOf(const std::vector<Manifest>& manifests);

}  // namespace bailiwick::plugin
