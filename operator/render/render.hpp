#pragma once
// The Kubernetes objects that a ModelDeployment becomes in this region: pure functions from spec,
// passport, Region and catalogue to server-side apply bodies. They hold every field that we own and
// no other.

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"
#include "api/region.hpp"
#include "catalog/catalog.hpp"
#include "plan/requirement.hpp"

namespace bailiwick::render {

// One object to apply: apiVersion, kind and metadata are also in `body`.
struct Object {
  std::string apiVersion, kind;
  api::Key key;
  nlohmann::json body;
};

// What is the same for everything in this region.
struct Environment {
  const api::Region* region = nullptr;
  const catalog::Catalog* catalog = nullptr;
  std::string sidecarImage;
  std::set<std::string> runtimeClasses;  // that exist in the cluster
  // Addresses of the API server ("10.0.0.1", 6443), for the least egress.
  std::vector<std::pair<std::string, int>> apiServer;
};

struct VariantShare {
  const api::Variant* variant = nullptr;
  const api::ModelPassport* passport = nullptr;
  plan::Requirement requirement;
  int replicas = 0;  // of the workload, kept ones included
};

// `<mdep>-<variant>`: Deployment or LeaderWorkerSet, Service, and the ConfigMap with the sidecar's
// configuration.
std::vector<Object> variantObjects(const api::ModelDeployment& deployment,
                                   const VariantShare& share, const Environment& environment);

// Once per deployment: Service, route table, PodDisruptionBudget, NetworkPolicy, ServiceAccount,
// Role and RoleBinding. `shares` in the spec's order.
std::vector<Object> sharedObjects(const api::ModelDeployment& deployment,
                                  const std::vector<VariantShare>& shares,
                                  const Environment& environment);

}  // namespace bailiwick::render
