#pragma once
// The transport to an API server that is not trusted, such as a peer's: its certificate proves who it
// is, and nothing it sends can make us hold more than a few buffers of 64 KiB and what a sink keeps.
//
// Each request has a connection of its own, on the caller's thread. What is sent to a peer is long (a
// list, a watch) or rare (a read that no cache may answer, a probe where a heartbeat is late), so a pool
// would be empty or idle; and nothing that one answer left behind can be taken for the next one's.

#include <memory>

#include "kube/credentials.hpp"
#include "kube/transport.hpp"

namespace bailiwick::kube {

// The server's host is an address: whoever found it has judged it, and no name is resolved here any
// more. tlsServerName is the name to verify where there is one. Tokens go there only, and only after its
// certificate has been verified.
std::unique_ptr<Transport> makeTlsTransport(ClusterConfig config, TransportOptions options);

}  // namespace bailiwick::kube
