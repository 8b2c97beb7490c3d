#include "render/network_policy.hpp"
#include "render/routes.hpp"

namespace bailiwick::render {
namespace {

using nlohmann::json;

constexpr char rbacGroup[] = "rbac.authorization.k8s.io";
constexpr char rbacVersion[] = "rbac.authorization.k8s.io/v1";

// Also lets a node be drained of replicas that never became Ready.
Object disruptionBudget(const api::ModelDeployment& deployment, const Environment& environment) {
  Object object = ownedObject("policy/v1", "PodDisruptionBudget", deployment.meta.key.name,
                              deployment, "", environment);
  object.body["spec"] = {{"maxUnavailable", 1},
                         {"unhealthyPodEvictionPolicy", "AlwaysAllow"},
                         {"selector", {{"matchLabels", selector(deployment, "")}}}};
  return object;
}

// Made even where spec.pod names another: replicas from before a change still run under it.
Object serviceAccount(const api::ModelDeployment& deployment, const Environment& environment) {
  Object object =
      ownedObject("v1", "ServiceAccount", deployment.meta.key.name, deployment, "", environment);
  object.body["automountServiceAccountToken"] = false;
  return object;
}

Object role(const api::ModelDeployment& deployment, const Environment& environment) {
  Object object =
      ownedObject(rbacVersion, "Role", deployment.meta.key.name, deployment, "", environment);
  // A list or watch under a resourceName needs the fieldSelector metadata.name=NAME.
  const json rule = {{"apiGroups", {""}},
                     {"resources", {"configmaps"}},
                     {"resourceNames", {routesName(deployment)}},
                     {"verbs", {"get", "list", "watch"}}};
  object.body["rules"] = json::array({rule});
  return object;
}

Object roleBinding(const api::ModelDeployment& deployment, const Environment& environment) {
  const api::Key& key = deployment.meta.key;
  Object object = ownedObject(rbacVersion, "RoleBinding", key.name, deployment, "", environment);
  object.body["roleRef"] = {{"apiGroup", rbacGroup}, {"kind", "Role"}, {"name", key.name}};
  const json subject = {
      {"kind", "ServiceAccount"}, {"name", serviceAccountName(deployment)}, {"namespace", key.ns}};
  object.body["subjects"] = json::array({subject});
  return object;
}

}  // namespace

std::vector<Object> sharedObjects(const api::ModelDeployment& deployment,
                                  const Serving& serving, const Environment& environment,
                                  const RouteState& current) {
  return {serviceAccount(deployment, environment),
          role(deployment, environment),
          roleBinding(deployment, environment),
          networkPolicy(deployment, environment),
          routesConfigMap(deployment, serving, environment, current),
          service(deployment.meta.key.name, deployment, "", environment),
          disruptionBudget(deployment, environment)};
}

}  // namespace bailiwick::render
