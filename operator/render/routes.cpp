#include "render/routes.hpp"

#include <algorithm>
#include <charconv>

#include "api/hash.hpp"
#include "api/quantity.hpp"
#include "render/gateway.hpp"
#include "render/sidecar_config.hpp"
#include "render/yaml.hpp"

namespace bailiwick::render {
namespace {

using Json = nlohmann::ordered_json;

int weightOf(const api::RoutingSpec& routing, const std::string& variant) {
  for (const auto& [name, weight] : routing.weights)
    if (name == variant) return weight;
  return 0;
}

Json engine(const api::ModelDeployment& deployment, const std::string& variant,
            std::size_t priority, int weight) {
  Json result;
  result["name"] = variant;
  result["kind"] = "Engine";
  result["url"] =
      "http://" + workloadName(deployment, variant) + "." + deployment.meta.key.ns + ".svc:80";
  result["variant"] = variant;
  result["priority"] = priority;
  result["weight"] = weight;
  return result;
}

// Pods ask their region's gateway, which alone holds a certificate that peers accept and so alone
// speaks to theirs.
enum class Viewpoint { Pod, Gateway };

Json peer(const api::Region& region, const std::string& variant, std::size_t priority, int weight,
          const Environment& environment, Viewpoint from) {
  Json result;
  result["name"] = variant + "@" + region.meta.key.name;
  result["kind"] = "Peer";
  if (from == Viewpoint::Pod) {
    const OwnGateway& own = *environment.gateway;
    result["url"] = "https://" + own.name + "." + own.ns + ".svc:" + std::to_string(podsPort);
    result["caFile"] = ownGatewayAuthority;
  } else {
    result["url"] = "https://" + region.gateway->address;
    if (!region.gateway->serverName.empty()) result["serverName"] = region.gateway->serverName;
    result["caFile"] = std::string(peersFolder) + "/" + region.meta.key.name + ".crt";
  }
  result["region"] = region.meta.key.name;
  result["jurisdiction"] = region.jurisdiction;
  result["variant"] = variant;
  result["priority"] = priority;
  result["weight"] = weight;
  return result;
}

struct Placed {
  std::string variant;
  std::size_t place = 0;
};

// The place in the spec, whichever of its variants are asked for; what the spec no longer names comes
// after it.
std::vector<Placed> inOrder(const api::ModelDeployment& deployment,
                            std::set<std::string> variants) {
  std::vector<Placed> result;
  std::size_t place = 0;
  for (const auto& variant : deployment.spec.variants) {
    if (variants.erase(variant.name) > 0) result.push_back({variant.name, place});
    ++place;
  }
  for (const std::string& removed : variants) result.push_back({removed, place++});
  return result;
}

std::set<std::string> variantsOf(const std::vector<Peer>& peers) {
  std::set<std::string> result;
  for (const Peer& one : peers) result.insert(one.variants.begin(), one.variants.end());
  return result;
}

// A weight is its variant's: where the variant runs here peers have none of it, else they share it.
int weightOfPeer(int weight, bool here, std::ptrdiff_t peers) {
  return here || weight == 0 ? 0 : std::max(1, weight / static_cast<int>(peers));
}

// Every sidecar of the deployment reads the same table: each knows its own variant, the URL is for
// the others. Peers come after all that is here.
Json backends(const api::ModelDeployment& deployment, const Serving& serving,
              const Environment& environment, Viewpoint from) {
  const api::RoutingSpec& routing = deployment.spec.routing;
  const std::vector<Peer> peers = lawfulPeers(deployment, serving, environment);
  Json result = Json::array();
  std::size_t after = deployment.spec.variants.size();
  for (const auto& [variant, place] : inOrder(deployment, serving.here)) {
    result.push_back(engine(deployment, variant, place, weightOf(routing, variant)));
    after = std::max(after, place + 1);
  }
  for (const auto& [variant, place] : inOrder(deployment, variantsOf(peers))) {
    const auto has = [&variant = variant](const Peer& one) {
      return one.variants.contains(variant);
    };
    const int weight = weightOfPeer(weightOf(routing, variant), serving.here.contains(variant),
                                    std::count_if(peers.begin(), peers.end(), has));
    for (const Peer& one : peers)
      if (has(one))
        result.push_back(peer(*one.region, variant, after + place, weight, environment, from));
  }
  return result;
}

// What a pod has in its configuration, which is its deployment's; a gateway serves many.
void addOwnTerms(Json& table, const api::ModelDeployment& deployment,
                 const Environment& environment) {
  const api::RouteLimits& limits = deployment.spec.routing.limits;
  table["limits"] = {{"requestTimeout", api::formatDuration(limits.requestTimeout)},
                     {"maxBodySize", api::formatBytes(limits.maxBodyBytes)}};
  const auto paths = proxiedPaths(deployment, *environment.catalog);
  if (!paths.empty()) table["paths"] = paths;
}

// Everything but the generation.
Json routeTable(const api::ModelDeployment& deployment, const Serving& serving,
                const Environment& environment, Viewpoint from) {
  const api::ModelDeploymentSpec& spec = deployment.spec;
  Json table;
  table["servedName"] = spec.servedName;
  table["generation"] = 0;
  table["mode"] = spec.routing.mode;
  table["residency"] = {
      {"jurisdictions", environment.catalog->expand(spec.placement.jurisdictions)},
      {"classes", spec.placement.dataResidency}};
  table["backends"] = backends(deployment, serving, environment, from);
  if (from == Viewpoint::Gateway) {
    table["tls"] = {{"certFile", gatewayCertificate}, {"keyFile", gatewayKey}};
    addOwnTerms(table, deployment, environment);
    return table;  // a copy for the shadow is made once, by the pod
  }
  if (!spec.routing.shadow) return table;
  const api::RoutingSpec::Shadow& shadow = *spec.routing.shadow;
  for (const Json& backend : table["backends"]) {
    if (backend["variant"] != shadow.variant) continue;
    table["shadow"] = {{"backend", backend["name"]}, {"percent", shadow.percent}};
    break;
  }
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

bool hasGateway(const api::Region& region) {
  return region.gateway && !region.gateway->caBundle.empty();
}

bool reachesPeers(const Environment& environment) {
  return environment.gateway && hasGateway(*environment.region);
}

bool mayPass(const api::ModelDeployment& deployment, const api::Region& region,
             const catalog::Catalog& catalog) {
  const auto& classes = region.residencyClasses;
  const auto& asked = deployment.spec.placement.dataResidency;
  return catalog.expand(deployment.spec.placement.jurisdictions).contains(region.jurisdiction) &&
         std::all_of(asked.begin(), asked.end(), [&](const std::string& name) {
           return std::find(classes.begin(), classes.end(), name) != classes.end();
         });
}

std::vector<Peer> lawfulPeers(const api::ModelDeployment& deployment, const Serving& serving,
                              const Environment& environment) {
  std::vector<Peer> result;
  const auto may = [&](const api::Region& region) {
    return mayPass(deployment, region, *environment.catalog);
  };
  if (!reachesPeers(environment) || !may(*environment.region)) return result;
  for (const Peer& one : serving.peers)
    if (hasGateway(*one.region) && may(*one.region)) result.push_back(one);
  std::sort(result.begin(), result.end(), [](const Peer& a, const Peer& b) {
    return a.region->meta.key.name < b.region->meta.key.name;
  });
  return result;
}

Object routesConfigMap(const api::ModelDeployment& deployment, const Serving& serving,
                       const Environment& environment, const RouteState& current) {
  Json table = routeTable(deployment, serving, environment, Viewpoint::Pod);
  const std::string hash = api::sha256Hex(toYaml(table)).substr(0, 40);
  const std::int64_t generation = current.generation + (hash == current.hash ? 0 : 1);
  table["generation"] = generation;
  Object object =
      ownedObject("v1", "ConfigMap", routesName(deployment), deployment, "", environment);
  object.body["metadata"]["annotations"] = {
      {routesHashAnnotation, hash}, {routesGenerationAnnotation, std::to_string(generation)}};
  object.body["data"] = {{"routes.yaml", toYaml(table)}};
  if (reachesPeers(environment))
    object.body["binaryData"] = {{"gateway.crt", environment.region->gateway->caBundle}};
  return object;
}

GatewayTable gatewayTable(const api::ModelDeployment& deployment, const Serving& serving,
                          const Environment& environment) {
  return {deployment.meta.key,
          toYaml(routeTable(deployment, serving, environment, Viewpoint::Gateway))};
}

}  // namespace bailiwick::render
