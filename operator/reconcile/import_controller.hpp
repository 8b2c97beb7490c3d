#pragma once
// Copies of peers' originals, and what is told of our own: fleet::decideImport says what becomes of a
// name, this carries it out.

#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "fleet/import.hpp"
#include "kube/client.hpp"
#include "kube/outcome.hpp"
#include "peers/peers.hpp"
#include "policy/check.hpp"
#include "reconcile/caches.hpp"

namespace bailiwick::reconcile {

class ImportController {
 public:
  struct Config {
    kube::Transport* transport = nullptr;  // fenced
    Caches* caches = nullptr;
    const peers::Peers* peers = nullptr;
    const catalog::Catalog* catalog = nullptr;
    policy::Settings settings;
    std::string region, ns;  // our own; the operator's
    bool makesNamespaces = false;
    std::function<api::Time()> now;
    std::function<void()> refusalsChanged;
  };

  explicit ImportController(Config config) : config_(std::move(config)) {}

  // Names what a change of our own caches may concern, on their threads. Before they start.
  void watch(const std::function<void(const api::Key&)>& changed);
  // Every name that there is here or in a peer.
  void all(const std::function<void(const api::Key&)>& changed) const;

  kube::Outcome reconcile(const api::Key& key, std::stop_token stop);

  // What is not copied here, the first hundred by name.
  std::vector<api::RefusedImport> refusals() const;

 private:
  kube::ApiResult<void> keepOriginal(const api::ModelDeployment& own,
                                     const std::vector<fleet::OriginView>& origins,
                                     std::stop_token stop);
  kube::ApiResult<void> bury(const api::ModelDeployment& own,
                             const std::vector<fleet::OriginView>& origins, std::stop_token stop);
  kube::ApiResult<void> carryOut(const api::Key& key, const fleet::ImportDecision& decision,
                                 const api::ModelDeployment* own, std::stop_token stop);
  kube::ApiResult<void> copy(const api::Key& key, const fleet::ImportDecision& decision,
                             const api::ModelDeployment* own, std::stop_token stop);
  kube::ApiResult<void> detach(const api::ObjectMeta& meta, std::stop_token stop);
  kube::ApiResult<bool> isBuried(const std::string& uid, std::stop_token stop);
  kube::ApiResult<void> makeNamespace(const std::string& name, std::stop_token stop);
  std::optional<fleet::ImportRefusal> refuses(const api::ModelDeployment& copy) const;
  fleet::ImportWorld worldOf(const api::Key& key) const;
  void noteRefusal(const api::Key& key, const fleet::ImportDecision& decision);

  Config config_;
  mutable std::mutex mutex_;
  std::map<api::Key, api::RefusedImport> refusals_;
};

}  // namespace bailiwick::reconcile
