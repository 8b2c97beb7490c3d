#pragma once
// The native sidecar and the two volumes that only it mounts.

#include "render/metadata.hpp"

namespace bailiwick::render {

struct Sidecar {
  nlohmann::json volumes;    // of the pod
  nlohmann::json container;  // an init container with restartPolicy Always
};

Sidecar sidecar(const api::ModelDeployment& deployment, const VariantShare& share,
                const Environment& environment);

// Of a pod with a sidecar that starts from `sidecar.yaml` of that ConfigMap: beside an engine, or
// alone as a gateway.
nlohmann::json sidecarVolumes(const api::ModelDeployment& deployment,
                              const std::string& configMap);
nlohmann::json sidecarContainer(const Environment& environment);

// GET on the sidecar's observe port; `timing` holds the probe's other fields.
nlohmann::json observeProbe(const std::string& path, nlohmann::json timing);

}  // namespace bailiwick::render
