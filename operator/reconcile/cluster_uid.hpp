#pragma once
// Which cluster this is: the uid of its namespace kube-system.

#include <stop_token>
#include <string>

#include "api/result.hpp"
#include "kube/transport.hpp"

namespace bailiwick::reconcile {

// Waits for an API server that is away; fails where waiting would not help: credentials, a
// certificate, rights.
Result<std::string> clusterUid(kube::Transport& transport, std::stop_token stop);

}  // namespace bailiwick::reconcile
