#pragma once
// The route table of a deployment in this region (api.md).

#include "render/metadata.hpp"

namespace bailiwick::render {

// ConfigMap `<mdep>-routes`, key routes.yaml, and gateway.crt, the authority of the region's own
// gateway; annotations hold its RouteState.
Object routesConfigMap(const api::ModelDeployment& deployment, const Serving& serving,
                       const Environment& environment, const RouteState& current);

// One that can be told from an impostor.
bool hasGateway(const api::Region& region);
// Whether requests may leave for peers at all.
bool reachesPeers(const Environment& environment);
// Whether the law of the deployment lets its requests be in that region at all: its jurisdictions and
// its classes of data.
bool mayPass(const api::ModelDeployment& deployment, const api::Region& region,
             const catalog::Catalog& catalog);
// The peers that may serve the deployment: such ones, with a gateway. None for a region that its
// requests may not pass through.
std::vector<Peer> lawfulPeers(const api::ModelDeployment& deployment, const Serving& serving,
                              const Environment& environment);

}  // namespace bailiwick::render
