#pragma once

#include <string>

#include "plugin/failure.hpp"

namespace bailiwick::plugin {

// "mdep/NAME", "modeldeployment/NAME" and the plural, or the bare name. `done`: "explained".
Outcome<std::string> deploymentName(const std::string& argument, const std::string& done);

}  // namespace bailiwick::plugin
