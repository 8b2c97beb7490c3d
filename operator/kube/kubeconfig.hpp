#pragma once
// A kubeconfig as a closed schema: server, CA, token or client certificate, namespace. Whatever
// could run a program, skip verification or send a credential elsewhere is refused, with file, line
// and what to do instead.

#include <string>
#include <string_view>

#include "api/result.hpp"
#include "api/time.hpp"
#include "kube/credentials.hpp"

namespace bailiwick::kube {

// The current context of the file.
Result<ClusterConfig> loadKubeconfig(const std::string& file);
// `file` is for messages and to resolve relative paths; `now` tells whether certificates are valid.
Result<ClusterConfig> parseKubeconfig(std::string_view text, const std::string& file,
                                      api::Time now);

// The account of the pod we run in: KUBERNETES_SERVICE_HOST and _PORT and the files of the mounted
// service account.
Result<ClusterConfig> inClusterConfig();
Result<ClusterConfig> inClusterConfig(const std::string& host, const std::string& port,
                                      const std::string& folder);

}  // namespace bailiwick::kube
