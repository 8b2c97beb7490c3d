#include "render/sidecar_config.hpp"

#include "api/quantity.hpp"
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

}  // namespace

std::string engineModel(const api::ModelDeployment& deployment, const VariantShare& share) {
  return share.passport->model.empty() ? deployment.spec.servedName : share.passport->model;
}

std::string sidecarConfig(const api::ModelDeployment& deployment, const VariantShare& share,
                          const Environment& environment) {
  const catalog::Engine& engine = *share.requirement.engine;
  const api::Key& key = deployment.meta.key;
  const std::string folder = configFolder;
  Json config;
  config["apiVersion"] = "sidecar.bailiwick.dev/v1alpha1";
  config["kind"] = "SidecarConfig";
  config["data"] = {{"listen", listen("0.0.0.0", dataPort)}};
  config["admin"] = {{"listen", "127.0.0.1:9090"}};
  config["observe"] = {{"listen", listen("0.0.0.0", observePort)}};
  config["identity"] = {{"region", environment.region->meta.key.name},
                        {"jurisdiction", environment.region->jurisdiction},
                        {"deployment", key.str()},
                        {"variant", share.variant->name}};
  config["engine"] = {{"url", listen("http://127.0.0.1", engine.port)},
                      {"model", engineModel(deployment, share)},
                      {"health", {{"path", engine.health.path}}}};
  config["routes"] = {{"file", folder + "/routes.yaml"},
                      {"configMap", {{"namespace", key.ns}, {"name", routesName(deployment)}}}};
  if (!deployment.spec.routing.apiKeysSecret.empty())
    config["auth"] = {{"keysFile", folder + "/keys"}};
  config["limits"] = limits(deployment.spec.routing.limits);
  config["drain"] = {{"timeout", api::formatDuration(deployment.spec.exit.drainTimeout)},
                     {"lameDuck", api::formatDuration(lameDuck)},
                     {"terminationMessage", "/dev/termination-log"}};
  if (!engine.proxiedPaths.empty()) config["paths"] = engine.proxiedPaths;
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
