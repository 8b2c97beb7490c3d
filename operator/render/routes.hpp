#pragma once
// The route table of a deployment in this region (api.md).

#include "render/metadata.hpp"

namespace bailiwick::render {

// ConfigMap `<mdep>-routes`, key routes.yaml; annotations hold its RouteState.
Object routesConfigMap(const api::ModelDeployment& deployment,
                       const std::set<std::string>& serving, const Environment& environment,
                       const RouteState& current);

}  // namespace bailiwick::render
