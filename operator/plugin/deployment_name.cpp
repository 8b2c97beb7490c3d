#include "plugin/deployment_name.hpp"

#include <fmt/format.h>

namespace bailiwick::plugin {

Outcome<std::string> deploymentName(const std::string& argument, const std::string& done) {
  const auto slash = argument.find('/');
  if (slash == std::string::npos) return argument;
  const auto kind = argument.substr(0, slash);
  if (kind == "mdep" || kind == "modeldeployment" || kind == "modeldeployments") {
    return argument.substr(slash + 1);
  }
  return usage(
      fmt::format("{}: only a ModelDeployment can be {}: write mdep/NAME", argument, done));
}

std::string missingDeployment(const api::Key& key, const std::string& where) {
  return fmt::format("there is no ModelDeployment {} in {}; -n names another namespace", key.str(),
                     where);
}

}  // namespace bailiwick::plugin
