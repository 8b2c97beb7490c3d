#pragma once
// What the API server calls a resource: where the objects of one kind are found.

#include <string>

namespace bailiwick::kube {

struct Resource {
  std::string group;  // empty for the core group
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;

  // "apps/v1", or "v1" for the core group.
  std::string apiVersion() const { return group.empty() ? version : group + "/" + version; }
  // "deployments.apps", or "pods" for the core group: for logs and metrics.
  std::string str() const { return group.empty() ? plural : plural + "." + group; }
  friend bool operator==(const Resource&, const Resource&) = default;
};

// The resources of this operator. LeaderWorkerSet may not be installed.
namespace resources {
inline const Resource nodes{"", "v1", "nodes", "Node", false};
inline const Resource namespaces{"", "v1", "namespaces", "Namespace", false};
inline const Resource pods{"", "v1", "pods", "Pod"};
inline const Resource services{"", "v1", "services", "Service"};
inline const Resource configMaps{"", "v1", "configmaps", "ConfigMap"};
inline const Resource secrets{"", "v1", "secrets", "Secret"};
inline const Resource persistentVolumeClaims{"", "v1", "persistentvolumeclaims",
                                             "PersistentVolumeClaim"};
inline const Resource persistentVolumes{"", "v1", "persistentvolumes", "PersistentVolume", false};
inline const Resource selfSubjectAccessReviews{"authorization.k8s.io", "v1",
                                               "selfsubjectaccessreviews",
                                               "SelfSubjectAccessReview", false};
inline const Resource serviceAccounts{"", "v1", "serviceaccounts", "ServiceAccount"};
inline const Resource events{"events.k8s.io", "v1", "events", "Event"};
inline const Resource deployments{"apps", "v1", "deployments", "Deployment"};
inline const Resource leaderWorkerSets{"leaderworkerset.x-k8s.io", "v1", "leaderworkersets",
                                       "LeaderWorkerSet"};
inline const Resource podDisruptionBudgets{"policy", "v1", "poddisruptionbudgets",
                                           "PodDisruptionBudget"};
inline const Resource networkPolicies{"networking.k8s.io", "v1", "networkpolicies",
                                      "NetworkPolicy"};
inline const Resource roles{"rbac.authorization.k8s.io", "v1", "roles", "Role"};
inline const Resource roleBindings{"rbac.authorization.k8s.io", "v1", "rolebindings",
                                   "RoleBinding"};
inline const Resource runtimeClasses{"node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", false};
inline const Resource endpointSlices{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"};
inline const Resource leases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline const Resource validatingWebhookConfigurations{"admissionregistration.k8s.io", "v1",
                                                      "validatingwebhookconfigurations",
                                                      "ValidatingWebhookConfiguration", false};
inline const Resource modelDeployments{"bailiwick.dev", "v1alpha1", "modeldeployments",
                                       "ModelDeployment"};
inline const Resource modelPassports{"bailiwick.dev", "v1alpha1", "modelpassports", "ModelPassport",
                                     false};
inline const Resource sovereigntyPolicies{"bailiwick.dev", "v1alpha1", "sovereigntypolicies",
                                          "SovereigntyPolicy", false};
inline const Resource regions{"bailiwick.dev", "v1alpha1", "regions", "Region", false};
inline const Resource exitOrders{"bailiwick.dev", "v1alpha1", "exitorders", "ExitOrder", false};
}  // namespace resources

}  // namespace bailiwick::kube
