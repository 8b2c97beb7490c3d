#pragma once
// `fleet`, `join` and `adopt`: the regions that know one another.

#include <string>

#include "plugin/context.hpp"

namespace bailiwick::plugin {

struct JoinOptions {
  std::string peer;                                  // who is to read this region
  bool credential = false;                           // what the peer needs, instead of its account
  std::string server;                                // where the peer reaches it; else kubectl's
  std::string duration = "24h";                      // of the token
  std::string systemNamespace = "bailiwick-system";  // of the account
};

struct AdoptOptions {
  std::string name;  // "mdep/NAME"
};

Outcome<Exit> runFleet(const Context& context);
Outcome<Exit> runJoin(const Context& context, const JoinOptions& options);
Outcome<Exit> runAdopt(const Context& context, const AdoptOptions& options);

}  // namespace bailiwick::plugin
