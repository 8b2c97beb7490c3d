#pragma once
// Where a peer is dialled: only where its Region object says, and nowhere that hands out a machine's
// own credentials.

#include "api/region.hpp"
#include "kube/credentials.hpp"
#include "peers/lookup.hpp"

namespace bailiwick::peers {

// Server and authority of a peer as the object says them, without a credential. The server may still
// be a name.
Result<kube::ClusterConfig> clusterOf(const api::Access& access);

// With one of the addresses that its name has, of which there is one at least: all are judged, that
// one is dialled and the name verified, so that nobody can answer with one address when it is judged
// and with another when it is dialled. `attempt` picks.
Result<kube::ClusterConfig> dialledAt(kube::ClusterConfig cluster, const Addresses& addresses,
                                      std::size_t attempt);

}  // namespace bailiwick::peers
