#pragma once
// A watch of one ConfigMap with the in-cluster account, over one TLS connection at a time.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/result.hpp"
#include "config/config.hpp"
#include "proxy/core.hpp"
#include "proxy/route_follower.hpp"

namespace bailiwick::sidecar {

// What one line of a watch says.
struct WatchEvent {
  enum class Kind {
    Table,   // uid and routes.yaml of the present state
    Alive,   // a bookmark, a deletion (the last known table holds), or no table in it
    Broken,  // an error: ask anew
  };
  Kind kind = Kind::Broken;
  std::string uid, text;
  std::string fault;
};
WatchEvent parseWatchLine(std::string_view line);

// Where the API server is and who one is there; read anew for each connection, as tokens are
// renewed.
struct ClusterAccount {
  Endpoint endpoint;
  std::string token;
};
Result<ClusterAccount> inClusterAccount(ClientContexts& contexts);

// On the core's thread, for ever.
Task<void> watchConfigMap(Core& core, RouteFollower& source);

}  // namespace bailiwick::sidecar
