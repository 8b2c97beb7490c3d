#pragma once
// The transport on cpprestsdk. This header knows nothing of it.

#include <memory>
#include <string>

#include "kube/credentials.hpp"
#include "kube/transport.hpp"

namespace bailiwick::kube {

// Once, before any thread is started and any transport is made.
void initialiseTransportThreads(int threads = 1);

// Tokens go to the configured server only, and only after its certificate has been verified.
std::unique_ptr<Transport> makeTransport(ClusterConfig config, TransportOptions options);

}  // namespace bailiwick::kube
