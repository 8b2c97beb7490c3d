#pragma once
// Names, labels and owners that all objects of a deployment share (api.md), and the fixed numbers
// of the pods' inside.

#include "render/render.hpp"

namespace bailiwick::render {

// On the pods that take requests: with a LeaderWorkerSet only the leaders have a sidecar.
inline constexpr char servingLabel[] = "bailiwick.dev/serving";
inline constexpr char configHashAnnotation[] = "bailiwick.dev/config-hash";
inline constexpr char routesHashAnnotation[] = "bailiwick.dev/routes-hash";
inline constexpr char routesGenerationAnnotation[] = "bailiwick.dev/routes-generation";

inline constexpr int dataPort = 8080, observePort = 9091;
inline constexpr int restrictedUser = 65532;  // user and group of everything that needs no other
inline constexpr char configFolder[] = "/etc/bailiwick";

std::string workloadName(const api::ModelDeployment& deployment, const std::string& variant);
std::string routesName(const api::ModelDeployment& deployment);
std::string serviceAccountName(const api::ModelDeployment& deployment);

// Empty `variant`: what is made once per deployment.
nlohmann::json labels(const api::ModelDeployment& deployment, const std::string& variant,
                      const Environment& environment);
// Deployment and role, and the variant unless empty.
nlohmann::json selector(const api::ModelDeployment& deployment, const std::string& variant);
// Of the pods that take requests: without a variant also those of the deployment's gateway.
nlohmann::json servingSelector(const api::ModelDeployment& deployment, const std::string& variant);

// An object in the deployment's namespace, owned by it: apiVersion, kind and metadata.
Object ownedObject(const std::string& apiVersion, const std::string& kind, const std::string& name,
                   const api::ModelDeployment& deployment, const std::string& variant,
                   const Environment& environment);

// Port 80 to the sidecars.
Object service(const std::string& name, const api::ModelDeployment& deployment,
               const std::string& variant, const Environment& environment);

// Whole seconds, rounded up.
std::int64_t seconds(api::Duration duration);

}  // namespace bailiwick::render
