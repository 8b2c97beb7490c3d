#pragma once
// What our own Region's status says: its pools, and whether its nodes' labels can be trusted.

#include <functional>
#include <string>

#include "kube/client.hpp"
#include "kube/outcome.hpp"
#include "reconcile/planner.hpp"

namespace bailiwick::reconcile {

class RegionController {
 public:
  struct Config {
    kube::Transport* transport = nullptr;  // fenced
    const Caches* caches = nullptr;
    Planner* planner = nullptr;
    std::string region;
    std::string clusterUid;
    std::function<api::Time()> now;
    std::function<std::vector<api::EvidenceHead>()> evidenceHeads;
  };

  explicit RegionController(Config config) : config_(std::move(config)) {}

  kube::Outcome reconcile(std::stop_token stop);

 private:
  kube::Outcome publishHeads(const api::Region& region, std::stop_token stop);

  Config config_;
};

}  // namespace bailiwick::reconcile
