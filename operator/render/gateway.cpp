#include "render/gateway.hpp"

#include <algorithm>
#include <cstdlib>

#include "api/hash.hpp"
#include "api/labels.hpp"
#include "render/pod.hpp"
#include "render/routes.hpp"
#include "render/sidecar.hpp"
#include "render/sidecar_config.hpp"

namespace bailiwick::render {
namespace {

using nlohmann::json;
namespace names = api::names;

constexpr char gatewayRole[] = "gateway";
constexpr int gatewayReplicas = 2;

json gatewaySelector(const api::ModelDeployment& deployment) {
  return {{names::deploymentLabel, deployment.meta.key.name}, {names::roleLabel, gatewayRole}};
}

Object ownedGatewayObject(const char* apiVersion, const char* kind,
                          const api::ModelDeployment& deployment, const Environment& environment) {
  Object object = ownedObject(apiVersion, kind, deploymentGatewayName(deployment), deployment, "",
                              environment);
  object.body["metadata"]["labels"].update(gatewaySelector(deployment));
  return object;
}

// Requests pass through it, so the law says where it may be as it does of an engine.
json gatewayPod(const api::ModelDeployment& deployment, const std::string& config,
                const Environment& environment) {
  json labels = ownedGatewayObject("v1", "Pod", deployment, environment)
                    .body["metadata"]["labels"];
  labels[servingLabel] = "true";
  const json law = nodeSelector(plan::lawfulNodes(deployment.spec.placement.dataResidency,
                                                  *environment.region, *environment.catalog));
  const json spread = {{"topologyKey", "kubernetes.io/hostname"},
                       {"maxSkew", 1},
                       {"whenUnsatisfiable", "ScheduleAnyway"},
                       {"labelSelector", {{"matchLabels", gatewaySelector(deployment)}}}};
  json spec = {
      {"affinity",
       {{"nodeAffinity", {{"requiredDuringSchedulingIgnoredDuringExecution", law}}}}},
      {"automountServiceAccountToken", false},
      {"serviceAccountName", serviceAccountName(deployment)},
      {"enableServiceLinks", false},
      {"terminationGracePeriodSeconds", gracePeriod(deployment)},
      {"securityContext", podSecurityContext()},
      {"topologySpreadConstraints", json::array({spread})},
      {"containers", json::array({sidecarContainer(environment)})},
      {"volumes", sidecarVolumes(deployment, deploymentGatewayName(deployment))}};
  for (const std::string& secret : deployment.spec.pod.imagePullSecrets)
    spec["imagePullSecrets"].push_back({{"name", secret}});
  const std::string hash = api::sha256Hex(config).substr(0, 40);
  return {{"metadata", {{"labels", labels}, {"annotations", {{configHashAnnotation, hash}}}}},
          {"spec", spec}};
}

Object regionObject(const std::string& suffix, const Environment& environment) {
  const OwnGateway& gateway = *environment.gateway;
  const api::Key key{gateway.ns, gateway.name + suffix};
  const json labels = {{names::managedByLabel, names::managedBy},
                       {names::regionLabel, environment.region->meta.key.name},
                       {names::roleLabel, gatewayRole}};
  const json metadata = {{"name", key.name}, {"namespace", key.ns}, {"labels", labels}};
  return {"v1", "ConfigMap", key,
          {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", metadata}}};
}

// By the name alone, so that a table stays where it is.
std::size_t shardOf(const api::Key& deployment) {
  const std::string digits = api::sha256Hex(deployment.str()).substr(0, 8);
  return std::strtoul(digits.c_str(), nullptr, 16) % gatewayShards;
}

}  // namespace

std::string deploymentGatewayName(const api::ModelDeployment& deployment) {
  return deployment.meta.key.name + "-" + gatewayRole;
}

bool needsGateway(const api::ModelDeployment& deployment, const Serving& serving,
                  const Environment& environment) {
  return serving.here.empty() && !lawfulPeers(deployment, serving, environment).empty();
}

std::vector<Object> gatewayObjects(const api::ModelDeployment& deployment,
                                   const Environment& environment) {
  const std::string config = deploymentGatewayConfig(deployment, environment);
  Object configMap = ownedGatewayObject("v1", "ConfigMap", deployment, environment);
  configMap.body["data"] = {{"sidecar.yaml", config}};
  Object workload = ownedGatewayObject("apps/v1", "Deployment", deployment, environment);
  const json rolling = {{"maxSurge", 1}, {"maxUnavailable", 0}};
  workload.body["spec"] = {
      {"replicas", gatewayReplicas},
      {"selector", {{"matchLabels", gatewaySelector(deployment)}}},
      {"strategy", {{"type", "RollingUpdate"}, {"rollingUpdate", rolling}}},
      {"template", gatewayPod(deployment, config, environment)}};
  return {configMap, workload};
}

std::vector<Object> regionGatewayObjects(const std::vector<GatewayTable>& tables,
                                         const std::vector<const api::Region*>& regions,
                                         const Environment& environment) {
  if (!environment.gateway) return {};
  Object config = regionObject("", environment);
  config.body["data"] = {{"sidecar.yaml", regionGatewayConfig(environment)}};
  Object peers = regionObject("-peers", environment);
  peers.body["binaryData"] = json::object();
  for (const api::Region* region : regions)
    if (region->meta.key != environment.region->meta.key && hasGateway(*region))
      peers.body["binaryData"][region->meta.key.name + ".crt"] = region->gateway->caBundle;
  std::vector<Object> result = {config, peers};
  for (int shard = 0; shard < gatewayShards; ++shard) {
    result.push_back(regionObject("-routes-" + std::to_string(shard), environment));
    result.back().body["data"] = json::object();
  }
  for (const GatewayTable& table : tables) {
    const std::string file = table.deployment.ns + "." + table.deployment.name + ".yaml";
    result[2 + shardOf(table.deployment)].body["data"][file] = table.text;
  }
  return result;
}

}  // namespace bailiwick::render
