#pragma once
// The command line of kubectl-bailiwick (api.md, Programs).

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "plugin/context.hpp"

namespace bailiwick::plugin {

struct Environment {
  Terminal terminal;
  std::function<api::Time()> clock;
  std::stop_token stop;
};

// Everything that main does; `arguments` without the program's name. The exit code.
int run(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace bailiwick::plugin
