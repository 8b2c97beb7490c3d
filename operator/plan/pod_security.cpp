#include <algorithm>
#include <array>
#include <string_view>

#include "plan/requirement.hpp"

namespace bailiwick::plan {
namespace {

// https://kubernetes.io/docs/concepts/security/pod-security-standards/: what "baseline" lets add;
// "restricted" lets add the first alone.
constexpr std::array<std::string_view, 13> harmless = {
    "NET_BIND_SERVICE", "AUDIT_WRITE", "CHOWN",  "DAC_OVERRIDE", "FOWNER",  "FSETID",    "KILL",
    "MKNOD",            "SETFCAP",     "SETGID", "SETPCAP",      "SETUID",  "SYS_CHROOT"};

bool isHarmless(const std::string& capability) {
  return std::find(harmless.begin(), harmless.end(), capability) != harmless.end();
}

}  // namespace

std::string podSecurityOf(const Requirement& requirement) {
  const auto& pod = requirement.family->pod;
  const auto& capabilities = pod.capabilities;
  if (!pod.hostPaths.empty() || pod.hostIPC || pod.privileged || pod.unconfinedSeccomp ||
      !std::all_of(capabilities.begin(), capabilities.end(), isHarmless)) {
    return "privileged";
  }
  const bool root = requirement.engine && requirement.engine->runAsUser == 0;
  const bool adds = std::any_of(capabilities.begin(), capabilities.end(),
                                [](const auto& name) { return name != harmless.front(); });
  return root || adds ? "baseline" : "restricted";
}

}  // namespace bailiwick::plan
