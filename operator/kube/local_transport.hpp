#pragma once
// The transport over a Unix socket, where `kubectl proxy` listens: plain HTTP/1.1, one connection for
// each request. Who may connect is the file system's business, and who one is to the API server is
// the proxy's.

#include <memory>
#include <string>

#include "kube/transport.hpp"

namespace bailiwick::kube {

std::unique_ptr<Transport> makeLocalTransport(std::string socketPath, TransportOptions options);

}  // namespace bailiwick::kube
