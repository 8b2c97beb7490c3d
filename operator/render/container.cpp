#include "render/container.hpp"

#include "render/metadata.hpp"

namespace bailiwick::render {
using nlohmann::json;

json restrictedContext() {
  return {{"allowPrivilegeEscalation", false},
          {"capabilities", {{"drop", {"ALL"}}}},
          {"readOnlyRootFilesystem", true},
          {"runAsGroup", restrictedUser},
          {"runAsNonRoot", true},
          {"runAsUser", restrictedUser},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

Scratch scratch(const std::string& prefix, const std::vector<std::string>& paths) {
  Scratch result{json::array(), json::array()};
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string name = prefix + "-" + std::to_string(i);
    result.volumes.push_back({{"name", name}, {"emptyDir", json::object()}});
    result.mounts.push_back({{"name", name}, {"mountPath", paths[i]}});
  }
  return result;
}

}  // namespace bailiwick::render
