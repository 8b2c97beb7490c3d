#pragma once
// Read your writes (KEP-5647): after a write, its owner is not reconciled again until the cache has
// seen it. Otherwise a reconcile would decide by the state before its own last decision.

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/meta.hpp"
#include "kube/informer.hpp"

namespace bailiwick::kube {

class Expectations {
 public:
  // A create, apply or patch answered with this resourceVersion. The informer outlives this object.
  void wrote(const api::Key& owner, const InformerBase& cache, std::string resourceVersion);
  // A deletion was accepted for this very object.
  void deleted(const api::Key& owner, const InformerBase& cache, api::Key object, std::string uid);

  // Whether the caches have seen every write of this owner; forgets what they have seen, and what a
  // cache cannot see any more because its API was taken away.
  bool satisfied(const api::Key& owner);
  // The owner is gone.
  void forget(const api::Key& owner);

 private:
  struct Write {
    const InformerBase* cache;
    std::string resourceVersion;
  };
  struct Deletion {
    const InformerBase* cache;
    api::Key object;
    std::string uid;
  };
  struct Pending {
    std::vector<Write> writes;  // one per cache: the newest
    std::vector<Deletion> deletions;
  };

  std::mutex mutex_;
  std::unordered_map<api::Key, Pending, KeyHash> pending_;
};

}  // namespace bailiwick::kube
