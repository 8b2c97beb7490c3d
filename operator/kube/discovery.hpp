#pragma once
// Which resources an API server knows.

#include <stop_token>

#include "kube/client.hpp"
#include "kube/resource.hpp"

namespace bailiwick::kube {

// Whether GROUP/VERSION is served and lists this plural. A 404 is "no"; any other failure is an
// error, never "no".
ApiResult<bool> serves(Transport& transport, const Resource& resource, std::stop_token stop);

// The same of an answer to discoverResources().
ApiResult<bool> listsResource(const Response& response, const Resource& resource);

}  // namespace bailiwick::kube
