#include "render/sidecar.hpp"

#include "render/container.hpp"

namespace bailiwick::render {
namespace {

using nlohmann::json;

constexpr char tokenFolder[] = "/var/run/secrets/kubernetes.io/serviceaccount";

json item(const char* key, const char* path) {
  return json::array({{{"key", key}, {"path", path}}});
}

// One projected volume, so that the files change together and follow their sources; a subPath mount
// would not. Of the Secret with API keys only the one data key can get in (protocols 9).
json configVolume(const api::ModelDeployment& deployment, const std::string& configMap) {
  json sources = json::array();
  sources.push_back(
      {{"configMap", {{"name", configMap}, {"items", item("sidecar.yaml", "sidecar.yaml")}}}});
  sources.push_back(
      {{"configMap",
        {{"name", routesName(deployment)}, {"items", item("routes.yaml", "routes.yaml")}}}});
  // Optional: a region without a gateway has none, and getting one rolls nothing.
  sources.push_back({{"configMap",
                      {{"name", routesName(deployment)},
                       {"items", item("gateway.crt", "ca/gateway.crt")},
                       {"optional", true}}}});
  if (const std::string& secret = deployment.spec.routing.apiKeysSecret; !secret.empty())
    sources.push_back(
        {{"secret", {{"name", secret}, {"items", item("api-keys.bailiwick.dev", "keys")}}}});
  return {{"name", "config"}, {"projected", {{"sources", sources}}}};
}

// What automounting would give to every container, for this one alone.
json tokenVolume() {
  const json token = {{"expirationSeconds", 3600}, {"path", "token"}};
  const json ca = {{"name", "kube-root-ca.crt"}, {"items", item("ca.crt", "ca.crt")}};
  const json ns = {{"path", "namespace"},
                   {"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", "metadata.namespace"}}}};
  const json sources = json::array({{{"serviceAccountToken", token}},
                                    {{"configMap", ca}},
                                    {{"downwardAPI", {{"items", json::array({ns})}}}}});
  return {{"name", "token"}, {"projected", {{"sources", sources}}}};
}

}  // namespace

json observeProbe(const std::string& path, json timing) {
  timing["httpGet"] = {{"path", path}, {"port", observePort}};
  return timing;
}

json sidecarVolumes(const api::ModelDeployment& deployment, const std::string& configMap) {
  return json::array({configVolume(deployment, configMap), tokenVolume()});
}

json sidecarContainer(const Environment& environment) {
  const json mounts =
      json::array({{{"name", "config"}, {"mountPath", configFolder}, {"readOnly", true}},
                   {{"name", "token"}, {"mountPath", tokenFolder}, {"readOnly", true}}});
  const json resources = {
      {"requests", {{"cpu", std::to_string(plan::sidecarMilliCpu) + "m"}, {"memory", "64Mi"}}},
      {"limits", {{"memory", "512Mi"}}}};
  const json ports =
      json::array({{{"name", "data"}, {"containerPort", dataPort}, {"protocol", "TCP"}},
                   {{"name", "observe"}, {"containerPort", observePort}, {"protocol", "TCP"}}});
  json container = {
      {"name", "engine-sidecar"},
      {"image", environment.sidecarImage},
      {"args", {std::string("--config=") + configFolder + "/sidecar.yaml"}},
      {"ports", ports},
      {"resources", resources},
      {"securityContext", restrictedContext()},
      {"volumeMounts", mounts},
      {"lifecycle", {{"preStop", {{"exec", {{"command", {"engine-sidecar", "--drain"}}}}}}}}};
  // Never /readyz here: the engine starts only after this probe has passed (protocols 4).
  container["startupProbe"] =
      observeProbe("/livez", {{"periodSeconds", 1}, {"failureThreshold", 60}});
  container["livenessProbe"] = observeProbe(
      "/livez", {{"periodSeconds", 10}, {"timeoutSeconds", 5}, {"failureThreshold", 3}});
  container["readinessProbe"] = observeProbe(
      "/readyz", {{"periodSeconds", 2}, {"timeoutSeconds", 2}, {"failureThreshold", 1}});
  return container;
}

Sidecar sidecar(const api::ModelDeployment& deployment, const VariantShare& share,
                const Environment& environment) {
  json container = sidecarContainer(environment);
  container["restartPolicy"] = "Always";
  return {sidecarVolumes(deployment, workloadName(deployment, share.variant->name)),
          std::move(container)};
}

}  // namespace bailiwick::render
