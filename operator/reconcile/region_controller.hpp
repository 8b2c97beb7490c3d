#pragma once
// What the status of Region objects says: of our own its pools, and whether its nodes' labels can be
// trusted; of a peer's how it is as seen from here.

#include <functional>
#include <string>

#include "evidence/countersignature.hpp"
#include "kube/client.hpp"
#include "kube/outcome.hpp"
#include "peers/peers.hpp"
#include "reconcile/planner.hpp"

namespace bailiwick::reconcile {

class RegionController {
 public:
  struct Config {
    kube::Transport* transport = nullptr;  // fenced
    const Caches* caches = nullptr;
    Planner* planner = nullptr;
    const peers::Peers* peers = nullptr;
    std::string region;
    std::string clusterUid;
    std::function<api::Time()> now;
    std::function<std::vector<api::EvidenceHead>()> evidenceHeads;
    std::function<std::vector<api::RefusedImport>()> refusedImports;
    std::function<std::vector<std::string>(const api::EvidenceHead& head, int records)> growthProof;
    std::function<kube::ApiResult<void>(evidence::Countersignature& one, std::stop_token stop)>
        countersign;
  };

  explicit RegionController(Config config) : config_(std::move(config)) {}

  kube::Outcome reconcile(std::stop_token stop);
  kube::Outcome reconcilePeer(const std::string& name, std::stop_token stop);

 private:
  kube::ApiResult<void> countersign(const std::string& peer, std::vector<api::EvidenceHead>& heads,
                                    std::stop_token stop);
  kube::Outcome publishHeads(const api::Region& region, std::stop_token stop);

  Config config_;
  api::Time poolsTold_{};
};

}  // namespace bailiwick::reconcile
