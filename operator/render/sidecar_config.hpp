#pragma once
// The file that an engine-sidecar starts from (api.md, SidecarConfig).

#include "render/metadata.hpp"

namespace bailiwick::render {

// Streams still arrive for this long after /readyz fails, because endpoints lag (protocols 4).
inline constexpr api::Duration lameDuck{5000};

// The name under which the engine itself knows the model, told to it as {servedName}: that of the
// passport. The sidecar alone answers to spec.servedName, which several models may stand behind.
std::string engineModel(const api::ModelDeployment& deployment, const VariantShare& share);

std::string sidecarConfig(const api::ModelDeployment& deployment, const VariantShare& share,
                          const Environment& environment);

// What the engines of its variants serve beside the OpenAI-compatible paths, by the catalogue; sorted.
std::vector<std::string> proxiedPaths(const api::ModelDeployment& deployment,
                                      const catalog::Catalog& catalog);

// Of the deployment's own gateway, which has no engine; and of the region's.
std::string deploymentGatewayConfig(const api::ModelDeployment& deployment,
                                    const Environment& environment);
std::string regionGatewayConfig(const Environment& environment);

// ConfigMap `<mdep>-<variant>`, key sidecar.yaml.
Object sidecarConfigMap(const api::ModelDeployment& deployment, const VariantShare& share,
                        const Environment& environment);

}  // namespace bailiwick::render
