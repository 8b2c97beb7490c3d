#pragma once

#include <string>

#include "api/meta.hpp"
#include "plugin/failure.hpp"

namespace bailiwick::plugin {

// "mdep/NAME", "modeldeployment/NAME" and the plural, or the bare name. `done`: "explained".
Outcome<std::string> deploymentName(const std::string& argument, const std::string& done);
// `where`: the cluster that was asked.
std::string missingDeployment(const api::Key& key, const std::string& where);

}  // namespace bailiwick::plugin
