#pragma once

#include <string_view>
#include <vector>

namespace bailiwick::manifest {

// The texts of crds/*.yaml.
const std::vector<std::string_view>& builtinCrds();

}  // namespace bailiwick::manifest
