#pragma once
// The peers that a deployment's route table lists.

#include <vector>

#include "plan/placement.hpp"
#include "render/render.hpp"

namespace bailiwick::reconcile {

// Peers with Ready replicas, where every live spec lets them be. Whoever is Lost is not asked; whether
// others serve each sidecar finds out for itself. The address is that of one's own Region object.
std::vector<render::Peer> servingPeers(const plan::DeploymentPlan& plan);

}  // namespace bailiwick::reconcile
