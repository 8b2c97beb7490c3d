#pragma once
// What an exit order deletes when its shares have left, and what it cannot see to be gone: claims of
// cached weights and their volumes, Secrets that are labelled for it, images in node stores.

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "kube/client.hpp"
#include "plan/exit.hpp"
#include "reconcile/caches.hpp"

namespace bailiwick::reconcile {

class ExitPurge {
 public:
  // The transport is fenced.
  ExitPurge(kube::Transport& transport, const Caches& caches)
      : transport_(transport), caches_(caches) {}

  // Every claim that was made for the weights of our replicas.
  kube::ApiResult<std::vector<plan::ClaimSeen>> claims(std::stop_token stop);

  // What is there of the shares that have left. Secrets are looked at only where a Role allows it.
  kube::ApiResult<plan::PurgeView> look(const api::ExitOrder& order, const plan::Journal& journal,
                                        const std::vector<plan::ClaimSeen>& claims,
                                        std::stop_token stop);

  // Deletes what look() found under these names, exactly as it was found.
  kube::ApiResult<void> carryOut(const std::set<std::string>& objects, std::stop_token stop);

 private:
  struct Found {
    const kube::Resource* resource;
    api::Key key;
    std::string uid, version;
  };
  struct Look;
  kube::ApiResult<void> lookAtVolumes(Look& look, std::stop_token stop);
  kube::ApiResult<void> lookAtSecrets(Look& look, const std::string& ns, std::stop_token stop);
  kube::ApiResult<bool> mayPurgeSecrets(const std::string& ns, std::stop_token stop);
  void lookAtObjects(Look& look) const;
  static void lookAtImages(Look& look);

  kube::Transport& transport_;
  const Caches& caches_;
  std::map<std::string, std::string> versions_;  // of claims, by uid
  std::map<std::string, Found> found_;           // by what(…)
};

}  // namespace bailiwick::reconcile
