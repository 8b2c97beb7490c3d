#include "render/routes.hpp"

#include <charconv>

#include "api/hash.hpp"
#include "render/yaml.hpp"

namespace bailiwick::render {
namespace {

using Json = nlohmann::ordered_json;

int weightOf(const api::RoutingSpec& routing, const std::string& variant) {
  for (const auto& [name, weight] : routing.weights)
    if (name == variant) return weight;
  return 0;
}

Json backend(const api::ModelDeployment& deployment, const std::string& variant,
             std::size_t priority) {
  Json result;
  result["name"] = variant;
  result["kind"] = "Engine";
  result["url"] =
      "http://" + workloadName(deployment, variant) + "." + deployment.meta.key.ns + ".svc:80";
  result["variant"] = variant;
  result["priority"] = priority;
  result["weight"] = weightOf(deployment.spec.routing, variant);
  return result;
}

// Every sidecar of the deployment reads the same table: each knows its own variant, the URL is for
// the others. Priority is the place in the spec, whichever of its variants run here; what left the
// spec and still serves comes after it.
Json backends(const api::ModelDeployment& deployment, const std::set<std::string>& serving) {
  const auto& variants = deployment.spec.variants;
  std::set<std::string> removed = serving;
  Json result = Json::array();
  for (std::size_t place = 0; place < variants.size(); ++place) {
    const std::string& name = variants[place].name;
    if (removed.erase(name) > 0) result.push_back(backend(deployment, name, place));
  }
  std::size_t place = variants.size();
  for (const std::string& name : removed) result.push_back(backend(deployment, name, place++));
  return result;
}

// Everything but the generation.
Json routeTable(const api::ModelDeployment& deployment, const std::set<std::string>& serving,
                const Environment& environment) {
  const api::ModelDeploymentSpec& spec = deployment.spec;
  Json table;
  table["servedName"] = spec.servedName;
  table["generation"] = 0;
  table["mode"] = spec.routing.mode;
  table["residency"] = {
      {"jurisdictions", environment.catalog->expand(spec.placement.jurisdictions)},
      {"classes", spec.placement.dataResidency}};
  table["backends"] = backends(deployment, serving);
  if (!spec.routing.shadow) return table;
  const api::RoutingSpec::Shadow& shadow = *spec.routing.shadow;
  for (const Json& backend : table["backends"])
    if (backend["name"] == shadow.variant)
      table["shadow"] = {{"backend", shadow.variant}, {"percent", shadow.percent}};
  return table;
}

}  // namespace

RouteState routeState(const api::ObjectMeta& configMap) {
  RouteState state;
  const std::string* generation = configMap.annotations.find(routesGenerationAnnotation);
  const std::string* hash = configMap.annotations.find(routesHashAnnotation);
  if (!generation || !hash) return state;
  const char* end = generation->data() + generation->size();
  const auto [rest, error] = std::from_chars(generation->data(), end, state.generation);
  if (error != std::errc{} || rest != end || state.generation < 0) return {};
  state.hash = *hash;
  return state;
}

Object routesConfigMap(const api::ModelDeployment& deployment,
                       const std::set<std::string>& serving, const Environment& environment,
                       const RouteState& current) {
  Json table = routeTable(deployment, serving, environment);
  const std::string hash = api::sha256Hex(toYaml(table)).substr(0, 40);
  const std::int64_t generation = current.generation + (hash == current.hash ? 0 : 1);
  table["generation"] = generation;
  Object object =
      ownedObject("v1", "ConfigMap", routesName(deployment), deployment, "", environment);
  object.body["metadata"]["annotations"] = {
      {routesHashAnnotation, hash}, {routesGenerationAnnotation, std::to_string(generation)}};
  object.body["data"] = {{"routes.yaml", toYaml(table)}};
  return object;
}

}  // namespace bailiwick::render
