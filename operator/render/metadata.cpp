#include "render/metadata.hpp"

#include "api/labels.hpp"

namespace bailiwick::render {
namespace names = api::names;
using nlohmann::json;

std::string workloadName(const api::ModelDeployment& deployment, const std::string& variant) {
  return deployment.meta.key.name + "-" + variant;
}

std::string routesName(const api::ModelDeployment& deployment) {
  return deployment.meta.key.name + "-routes";
}

std::string serviceAccountName(const api::ModelDeployment& deployment) {
  const std::string& own = deployment.spec.pod.serviceAccountName;
  return own.empty() ? deployment.meta.key.name : own;
}

json labels(const api::ModelDeployment& deployment, const std::string& variant,
            const Environment& environment) {
  json result = selector(deployment, variant);
  result[names::regionLabel] = environment.region->meta.key.name;
  result[names::managedByLabel] = names::managedBy;
  return result;
}

json selector(const api::ModelDeployment& deployment, const std::string& variant) {
  json result = {{names::deploymentLabel, deployment.meta.key.name}, {names::roleLabel, "engine"}};
  if (!variant.empty()) result[names::variantLabel] = variant;
  return result;
}

json servingSelector(const api::ModelDeployment& deployment, const std::string& variant) {
  if (!variant.empty()) {
    json result = selector(deployment, variant);
    result[servingLabel] = "true";
    return result;
  }
  return {{names::deploymentLabel, deployment.meta.key.name}, {servingLabel, "true"}};
}

Object ownedObject(const std::string& apiVersion, const std::string& kind, const std::string& name,
                   const api::ModelDeployment& deployment, const std::string& variant,
                   const Environment& environment) {
  const json owner = {{"apiVersion", names::apiVersion},
                      {"kind", "ModelDeployment"},
                      {"name", deployment.meta.key.name},
                      {"uid", deployment.meta.uid},
                      {"controller", true},
                      {"blockOwnerDeletion", false}};
  const json metadata = {{"name", name},
                         {"namespace", deployment.meta.key.ns},
                         {"labels", labels(deployment, variant, environment)},
                         {"ownerReferences", json::array({owner})}};
  return {apiVersion,
          kind,
          {deployment.meta.key.ns, name},
          {{"apiVersion", apiVersion}, {"kind", kind}, {"metadata", metadata}}};
}

Object service(const std::string& name, const api::ModelDeployment& deployment,
               const std::string& variant, const Environment& environment) {
  Object object = ownedObject("v1", "Service", name, deployment, variant, environment);
  const json port = {{"name", "http"}, {"port", 80}, {"protocol", "TCP"}, {"targetPort", dataPort}};
  object.body["spec"] = {{"selector", servingSelector(deployment, variant)},
                         {"ports", json::array({port})}};
  return object;
}

std::int64_t seconds(api::Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

}  // namespace bailiwick::render
