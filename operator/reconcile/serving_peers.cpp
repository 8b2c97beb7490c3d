#include "reconcile/serving_peers.hpp"

#include <utility>

namespace bailiwick::reconcile {

std::vector<render::Peer> servingPeers(const plan::DeploymentPlan& plan) {
  std::vector<render::Peer> result;
  if (!plan.fleet) return result;
  for (const auto& row : plan.fleet->peers) {
    if (!row.region || !row.claim || !row.admitted || row.forbidden) continue;
    if (row.judgement.health == fleet::Health::Lost) continue;
    render::Peer peer{row.region.get(), {}};
    for (const auto& ready : row.claim->ready)
      if (ready.replicas > 0) peer.variants.insert(ready.variant);
    if (!peer.variants.empty()) result.push_back(std::move(peer));
  }
  return result;
}

}  // namespace bailiwick::reconcile
