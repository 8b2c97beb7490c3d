#include "render/env.hpp"

#include "policy/tenant.hpp"

namespace bailiwick::render {
using nlohmann::json;

void Environ::put(json entry) {
  for (json& present : list_)
    if (present["name"] == entry["name"]) {
      present = std::move(entry);
      return;
    }
  list_.push_back(std::move(entry));
}

void Environ::set(const std::string& name, const std::string& value) {
  put({{"name", name}, {"value", value}});
}

void Environ::add(const std::map<std::string, std::string>& variables, const Placeholders& values) {
  for (const auto& [name, value] : variables) set(name, substitute(value, values));
}

void Environ::addTenant(const std::vector<api::EnvVar>& variables, const catalog::Engine& engine) {
  for (const api::EnvVar& variable : variables) {
    if (policy::reservedEnvironment(engine, variable.name)) continue;
    if (!variable.fromSecret) {
      set(variable.name, variable.value);
      continue;
    }
    json reference = {{"name", variable.fromSecret->secret}, {"key", variable.fromSecret->key}};
    if (variable.fromSecret->optional) reference["optional"] = true;
    put({{"name", variable.name}, {"valueFrom", {{"secretKeyRef", std::move(reference)}}}});
  }
}

}  // namespace bailiwick::render
