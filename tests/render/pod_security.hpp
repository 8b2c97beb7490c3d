#pragma once
// The Pod Security Standards, level "restricted", written down a second time from the standard's
// own text: every rule that a pod template breaks, as "rule: where". Knows nothing of the renderer.

#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace bailiwick::testing {

class RestrictedCheck {
 public:
  explicit RestrictedCheck(const nlohmann::json& podSpec) : pod_(podSpec) {
    for (const char* field : {"hostNetwork", "hostPID", "hostIPC"})
      if (pod_.value(field, false)) violate(field, "pod");
    for (const auto& volume : pod_.value("volumes", nlohmann::json::array())) checkVolume(volume);
    for (const char* list : {"initContainers", "containers", "ephemeralContainers"})
      for (const auto& container : pod_.value(list, nlohmann::json::array()))
        checkContainer(container);
  }
  const std::set<std::string>& violations() const { return violations_; }

 private:
  void violate(const std::string& rule, const std::string& where) {
    violations_.insert(rule + ": " + where);
  }

  // The container's own value, or else the pod's.
  nlohmann::json effective(const nlohmann::json& context, const char* field) const {
    if (context.contains(field)) return context[field];
    const auto podContext = pod_.value("securityContext", nlohmann::json::object());
    return podContext.value(field, nlohmann::json());
  }

  void checkVolume(const nlohmann::json& volume) {
    static const std::set<std::string> allowed = {
        "configMap", "csi",       "downwardAPI",           "emptyDir", "ephemeral",
        "image",     "projected", "persistentVolumeClaim", "secret"};
    const auto name = volume.value("name", "");
    for (const auto& [type, source] : volume.items())
      if (type != "name" && !allowed.contains(type)) violate(type, "volume " + name);
  }

  void checkCapabilities(const nlohmann::json& context, const std::string& name) {
    const auto capabilities = context.value("capabilities", nlohmann::json::object());
    bool dropsAll = false;
    for (const auto& dropped : capabilities.value("drop", nlohmann::json::array()))
      dropsAll |= dropped == "ALL";
    if (!dropsAll) violate("capabilities.drop", name);
    for (const auto& added : capabilities.value("add", nlohmann::json::array()))
      if (added != "NET_BIND_SERVICE") violate("capabilities.add", name);
  }

  void checkContainer(const nlohmann::json& container) {
    const auto name = container.value("name", "");
    const auto context = container.value("securityContext", nlohmann::json::object());
    if (context.value("privileged", false)) violate("privileged", name);
    if (context.value("allowPrivilegeEscalation", true)) violate("allowPrivilegeEscalation", name);
    checkCapabilities(context, name);
    if (effective(context, "runAsNonRoot") != true) violate("runAsNonRoot", name);
    if (effective(context, "runAsUser") == 0) violate("runAsUser", name);
    const auto seccomp = effective(context, "seccompProfile");
    const auto profile = seccomp.is_object() ? seccomp.value("type", "") : "";
    if (profile != "RuntimeDefault" && profile != "Localhost") violate("seccompProfile", name);
    if (context.value("procMount", "Default") != "Default") violate("procMount", name);
    for (const auto& port : container.value("ports", nlohmann::json::array()))
      if (port.value("hostPort", 0) != 0) violate("hostPort", name);
    for (const char* probe : {"startupProbe", "readinessProbe", "livenessProbe"})
      if (container.contains(probe) && container[probe].contains("httpGet") &&
          container[probe]["httpGet"].contains("host"))
        violate("probe host", name);
  }

  nlohmann::json pod_;
  std::set<std::string> violations_;
};

}  // namespace bailiwick::testing
