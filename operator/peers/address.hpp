#pragma once
// Where a peer is dialled: only where its Region object says, and nowhere that hands out a machine's
// own credentials.

#include "api/region.hpp"
#include "kube/credentials.hpp"

namespace bailiwick::peers {

// Server and authority of a peer, without a credential. A name is resolved here and now, the address
// is judged, and that address is dialled with the name verified: so nobody can answer with one
// address when it is judged and with another when it is dialled. `attempt` picks one of several.
Result<kube::ClusterConfig> clusterOf(const api::Access& access, std::size_t attempt);

}  // namespace bailiwick::peers
