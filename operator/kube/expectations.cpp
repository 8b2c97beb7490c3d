#include "kube/expectations.hpp"

#include <algorithm>
#include <utility>

#include "kube/resource_version.hpp"

namespace bailiwick::kube {

void Expectations::wrote(const api::Key& owner, const InformerBase& cache,
                         std::string resourceVersion) {
  std::lock_guard lock(mutex_);
  auto& writes = pending_[owner].writes;
  const auto it = std::find_if(writes.begin(), writes.end(),
                               [&](const Write& write) { return write.cache == &cache; });
  if (it == writes.end()) {
    writes.push_back({&cache, std::move(resourceVersion)});
  } else if (!notNewer(resourceVersion, it->resourceVersion)) {
    it->resourceVersion = std::move(resourceVersion);
  }
}

void Expectations::deleted(const api::Key& owner, const InformerBase& cache, api::Key object,
                           std::string uid) {
  std::lock_guard lock(mutex_);
  pending_[owner].deletions.push_back({&cache, std::move(object), std::move(uid)});
}

bool Expectations::satisfied(const api::Key& owner) {
  std::lock_guard lock(mutex_);
  const auto it = pending_.find(owner);
  if (it == pending_.end()) return true;
  Pending& pending = it->second;
  std::erase_if(pending.writes, [](const Write& write) {
    if (write.cache->absent()) return true;
    const auto seen = write.cache->lastResourceVersion();
    if (seen.empty()) return false;
    // Of versions that have no order nothing can be awaited.
    const auto order = compareResourceVersions(write.resourceVersion, seen);
    return !order || *order <= 0;
  });
  std::erase_if(pending.deletions, [](const Deletion& deletion) {
    return deletion.cache->absent() ||
           !deletion.cache->holdsLive(deletion.object, deletion.uid);
  });
  if (!pending.writes.empty() || !pending.deletions.empty()) return false;
  pending_.erase(it);
  return true;
}

void Expectations::forget(const api::Key& owner) {
  std::lock_guard lock(mutex_);
  pending_.erase(owner);
}

}  // namespace bailiwick::kube
