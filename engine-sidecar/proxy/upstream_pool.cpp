#include "proxy/upstream_pool.hpp"

#include <algorithm>

namespace bailiwick::sidecar {

Stream UpstreamPool::take(const std::string& key) {
  const auto it = idle_.find(key);
  if (it == idle_.end() || it->second.empty()) return Stream();
  Stream stream = std::move(it->second.back()->stream);
  it->second.pop_back();
  stream.tell(nullptr);
  return stream;
}

void UpstreamPool::give(const std::string& key, Stream stream, Instant now) {
  // What may be read has to be looked at first: an end of stream comes once.
  if (stream.mayRead() && !stream.peek().again()) return;
  const auto it = idle_.try_emplace(key).first;
  Group& group = it->second;
  if (group.size() >= maxPerKey) return;
  group.push_back(std::make_unique<Idle>(*this, it->first, std::move(stream), now));
  group.back()->stream.tell(group.back().get());
}

void UpstreamPool::drop(const Idle& idle) {
  const auto it = idle_.find(*idle.key);
  if (it == idle_.end()) return;
  std::erase_if(it->second, [&](const auto& one) { return one.get() == &idle; });
}

void UpstreamPool::sweep(Instant now) {
  for (auto& [key, group] : idle_)
    std::erase_if(group, [&](const auto& one) { return now - one->since > maxIdle; });
  std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace bailiwick::sidecar
