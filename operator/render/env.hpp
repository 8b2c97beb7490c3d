#pragma once
// A container's environment, collected from catalogue and tenant.

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "catalog/catalog.hpp"
#include "render/placeholders.hpp"

namespace bailiwick::render {

// One entry per name (server-side apply refuses a second), in order of first mention; a later value
// wins.
class Environ {
 public:
  void set(const std::string& name, const std::string& value);
  void add(const std::map<std::string, std::string>& variables, const Placeholders& values);
  // A tenant's: what is reserved stays ours, whatever admission has let through.
  void addTenant(const std::vector<api::EnvVar>& variables, const catalog::Engine& engine);

  const nlohmann::json& list() const { return list_; }

 private:
  void put(nlohmann::json entry);
  nlohmann::json list_ = nlohmann::json::array();
};

}  // namespace bailiwick::render
