#pragma once
// The engine's container: image, arguments, environment and devices from catalogue, variant and
// `spec.pod`, in this order.

#include "render/metadata.hpp"

namespace bailiwick::render {

// Of a LeaderWorkerSet the leader serves and has the sidecar; a worker is held up by its leader.
enum class Member { Single, Leader, Worker };

struct EngineContainer {
  nlohmann::json volumes;    // of the pod, without the weights
  nlohmann::json container;  // with `weightsMount`
};

EngineContainer engineContainer(const api::ModelDeployment& deployment, const VariantShare& share,
                                Member member, const nlohmann::json& weightsMount);

}  // namespace bailiwick::render
