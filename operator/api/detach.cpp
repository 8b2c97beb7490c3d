#include "api/detach.hpp"

#include <nlohmann/json.hpp>

#include "api/labels.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;

bool isOurs(const json& entry) {
  return entry.is_object() && entry.value("manager", json()) == names::fieldManager &&
         !entry.contains("subresource");
}

}  // namespace

std::optional<std::string> detachment(const std::string& object, const ObjectMeta& meta) {
  const auto whole = json::parse(object, nullptr, false);
  const auto metadata = whole.is_object() ? whole.value("metadata", json()) : json();
  if (!metadata.is_object()) return std::nullopt;
  json changes = {{"resourceVersion", meta.resourceVersion},
                  {"labels",
                   {{names::originRegionLabel, nullptr},
                    {names::originUidLabel, nullptr},
                    {names::originSpecHashLabel, nullptr}}},
                  {"annotations", {{names::originCluster, nullptr}, {names::originLost, nullptr}}}};
  auto fields = metadata.value("managedFields", json::array());
  if (!fields.is_array()) return std::nullopt;
  auto kept = json::array();
  for (auto& entry : fields) {
    if (!isOurs(entry)) kept.push_back(std::move(entry));
  }
  // The API server takes an empty list for none given, and one empty entry for nobody.
  if (kept.empty()) kept.push_back(json::object());
  if (!fields.empty()) changes["managedFields"] = std::move(kept);
  return json{{"metadata", std::move(changes)}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace bailiwick::api
