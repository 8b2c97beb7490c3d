#pragma once
// The Kubernetes objects that a ModelDeployment becomes in this region: pure functions from spec,
// passport, Region and catalogue to server-side apply bodies. They hold every field that we own and
// no other, and the same input gives the same bytes.

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"
#include "api/region.hpp"
#include "catalog/catalog.hpp"
#include "plan/requirement.hpp"
#include "policy/refusal.hpp"

namespace bailiwick::render {

// One object to apply: apiVersion, kind and metadata are also in `body`.
struct Object {
  std::string apiVersion, kind;
  api::Key key;
  nlohmann::json body;
};

// The Service of this region's gateway: what goes to peers leaves through it (protocols 6).
struct OwnGateway {
  std::string ns, name;
};

// What is the same for everything in this region.
struct Environment {
  const api::Region* region = nullptr;
  const catalog::Catalog* catalog = nullptr;
  std::string sidecarImage;
  std::set<std::string> runtimeClasses;  // that exist in the cluster
  // Addresses of the API server ("10.0.0.1", 6443), for the least egress: its endpoints, and the
  // Service address where the network plugin judges before translation.
  std::vector<std::pair<std::string, int>> apiServer;
  // Absent: no request goes to a peer. Nor does one where a Region, this one or the peer's, says
  // nothing of its gateway.
  std::optional<OwnGateway> gateway;
};

// A region where replicas of a deployment are Ready, and whose share counts.
struct Peer {
  const api::Region* region = nullptr;
  std::set<std::string> variants;
};

// Whom a route table lists: variants here, those that the spec no longer names included, and peers.
struct Serving {
  std::set<std::string> here;
  std::vector<Peer> peers{};
};

struct VariantShare {
  const api::Variant* variant = nullptr;
  const api::ModelPassport* passport = nullptr;
  plan::Requirement requirement;
  int replicas = 0;  // of the workload, kept ones included
};

// Why no objects can be made of a variant, although places and devices may exist: ArtifactMissing,
// EngineUnsupported (no image, no way to fetch that source, no multi-node form), InvalidSpec (a
// source that cannot be read, a name too long for a LeaderWorkerSet). To be asked before a variant
// is offered; variantObjects expects no refusal. External variants are not judged.
std::optional<policy::Refusal> unrenderable(const api::ModelDeployment& deployment,
                                            const api::Variant& variant,
                                            const api::ModelPassport& passport,
                                            const Environment& environment);

// `<mdep>-<variant>`: Deployment or LeaderWorkerSet, Service, and the ConfigMap with the sidecar's
// configuration; the workload comes last.
std::vector<Object> variantObjects(const api::ModelDeployment& deployment,
                                   const VariantShare& share, const Environment& environment);

// Which content a route table holds, and under which generation: annotations of its ConfigMap.
struct RouteState {
  std::int64_t generation = 0;
  std::string hash;
};

// Of the ConfigMap `<mdep>-routes` as it was last seen; zero when it has none, or it is not ours.
RouteState routeState(const api::ObjectMeta& configMap);

// Once per deployment: Service, route table, PodDisruptionBudget, NetworkPolicy, ServiceAccount,
// Role and RoleBinding. The table's generation is `current`'s while its content is, else one more:
// no clock and no counter beside the object itself.
std::vector<Object> sharedObjects(const api::ModelDeployment& deployment, const Serving& serving,
                                  const Environment& environment, const RouteState& current);

// Whether the deployment needs a gateway of its own: nothing of it serves here, peers do, and its
// domain reaches here, so that its Service answers.
bool needsGateway(const api::ModelDeployment& deployment, const Serving& serving,
                  const Environment& environment);
// `<mdep>-gateway`: the ConfigMap with its sidecar's configuration, and the Deployment.
std::vector<Object> gatewayObjects(const api::ModelDeployment& deployment,
                                   const Environment& environment);

// One of the tables in the folder of this region's gateway.
struct GatewayTable {
  api::Key deployment;
  std::string text;
};
GatewayTable gatewayTable(const api::ModelDeployment& deployment, const Serving& serving,
                          const Environment& environment);

// ConfigMaps that the chart's gateway mounts: its configuration, the authorities of all peers that
// have a gateway, and the tables, spread over `gatewayShards` so that none outgrows what an object
// may hold. The order of `tables` means nothing. Empty where Environment::gateway is.
inline constexpr int gatewayShards = 16;
std::vector<Object> regionGatewayObjects(const std::vector<GatewayTable>& tables,
                                         const std::vector<const api::Region*>& regions,
                                         const Environment& environment);

}  // namespace bailiwick::render
