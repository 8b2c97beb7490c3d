#pragma once
// What the status of Region objects says: of our own its pools, and whether its nodes' labels can be
// trusted; of a peer's how it is as seen from here.

#include <functional>
#include <string>

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
  };

  explicit RegionController(Config config) : config_(std::move(config)) {}

  kube::Outcome reconcile(std::stop_token stop);
  kube::Outcome reconcilePeer(const std::string& name, std::stop_token stop);

 private:
  kube::Outcome publishHeads(const api::Region& region, std::stop_token stop);

  Config config_;
};

}  // namespace bailiwick::reconcile
