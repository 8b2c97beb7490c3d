#include "render/sidecar_config.hpp"

#include "api/quantity.hpp"
#include "render/gateway.hpp"
#include "render/yaml.hpp"

namespace bailiwick::render {
namespace {

using Json = nlohmann::ordered_json;

std::string listen(const char* address, int port) {
  return address + (":" + std::to_string(port));
}

Json limits(const api::RouteLimits& limits) {
  return {{"maxInFlight", limits.maxInFlight},
          {"maxQueued", limits.maxQueued},
          {"queueTimeout", api::formatDuration(limits.queueTimeout)},
          {"requestTimeout", api::formatDuration(limits.requestTimeout)},
          {"maxBodySize", api::formatBytes(limits.maxBodyBytes)}};
}

Json common(const Environment& environment) {
  Json config;
  config["apiVersion"] = "sidecar.bailiwick.dev/v1alpha1";
  config["kind"] = "SidecarConfig";
  config["data"] = {{"listen", listen("0.0.0.0", dataPort)}};
  config["admin"] = {{"listen", "127.0.0.1:9090"}};
  config["observe"] = {{"listen", listen("0.0.0.0", observePort)}};
  config["identity"] = {{"region", environment.region->meta.key.name},
                        {"jurisdiction", environment.region->jurisdiction}};
  return config;
}

// `variant`: empty in a gateway, which has no engine.
Json ofDeployment(const api::ModelDeployment& deployment, const std::string& variant,
                  const Environment& environment) {
  const std::string folder = configFolder;
  const api::Key& key = deployment.meta.key;
  Json config = common(environment);
  config["identity"]["deployment"] = key.str();
  if (!variant.empty()) config["identity"]["variant"] = variant;
  config["routes"] = {{"file", folder + "/routes.yaml"},
                      {"configMap", {{"namespace", key.ns}, {"name", routesName(deployment)}}}};
  if (!deployment.spec.routing.apiKeysSecret.empty())
    config["auth"] = {{"keysFile", folder + "/keys"}};
  config["limits"] = limits(deployment.spec.routing.limits);
  config["drain"] = {{"timeout", api::formatDuration(deployment.spec.exit.drainTimeout)},
                     {"lameDuck", api::formatDuration(lameDuck)},
                     {"terminationMessage", "/dev/termination-log"}};
  return config;
}

}  // namespace

std::string engineModel(const api::ModelDeployment& deployment, const VariantShare& share) {
  return share.passport->model.empty() ? deployment.spec.servedName : share.passport->model;
}

std::string sidecarConfig(const api::ModelDeployment& deployment, const VariantShare& share,
                          const Environment& environment) {
  const catalog::Engine& engine = *share.requirement.engine;
  Json config = ofDeployment(deployment, share.variant->name, environment);
  config["engine"] = {{"url", listen("http://127.0.0.1", engine.port)},
                      {"model", engineModel(deployment, share)},
                      {"health", {{"path", engine.health.path}}}};
  if (!engine.proxiedPaths.empty()) config["paths"] = engine.proxiedPaths;
  return toYaml(config);
}

std::vector<std::string> proxiedPaths(const api::ModelDeployment& deployment,
                                      const catalog::Catalog& catalog) {
  std::set<std::string> paths;
  for (const api::Variant& variant : deployment.spec.variants) {
    const auto engine = catalog.engines.find(variant.engine.name);
    if (engine == catalog.engines.end()) continue;
    paths.insert(engine->second.proxiedPaths.begin(), engine->second.proxiedPaths.end());
  }
  return {paths.begin(), paths.end()};
}

std::string deploymentGatewayConfig(const api::ModelDeployment& deployment,
                                    const Environment& environment) {
  Json config = ofDeployment(deployment, "", environment);
  const auto paths = proxiedPaths(deployment, *environment.catalog);
  if (!paths.empty()) config["paths"] = paths;
  return toYaml(config);
}

std::string regionGatewayConfig(const Environment& environment) {
  const Json certificate = {{"certFile", gatewayCertificate}, {"keyFile", gatewayKey}};
  Json ofPeers = certificate;
  ofPeers["clientCAFolder"] = peersFolder;
  Json config = common(environment);
  config["data"] = {{"listen", listen("0.0.0.0", podsPort)}, {"tls", certificate}};
  config["peers"] = {{"listen", listen("0.0.0.0", peersPort)}, {"tls", ofPeers}};
  config["routes"] = {{"folder", tablesFolder}};
  return toYaml(config);
}

Object sidecarConfigMap(const api::ModelDeployment& deployment, const VariantShare& share,
                        const Environment& environment) {
  const std::string& variant = share.variant->name;
  Object object = ownedObject("v1", "ConfigMap", workloadName(deployment, variant), deployment,
                              variant, environment);
  object.body["data"] = {{"sidecar.yaml", sidecarConfig(deployment, share, environment)}};
  return object;
}

}  // namespace bailiwick::render
