#include "plan/inventory.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "api/quantity.hpp"

namespace bailiwick::plan {
namespace {

bool blocks(const api::Taint& taint) {
  return taint.effect == "NoSchedule" || taint.effect == "NoExecute";
}

// Cordons and readiness are the node controller's taints too; they are weather, kept apart in
// NodeState::usable, because a group must not change with them.
bool isNodeCondition(const api::Taint& taint) {
  return taint.key.starts_with("node.kubernetes.io/");
}

std::vector<api::Taint> lasting(const std::vector<api::Taint>& taints) {
  std::vector<api::Taint> kept;
  for (const auto& taint : taints) {
    if (blocks(taint) && !isNodeCondition(taint)) kept.push_back(taint);
  }
  std::sort(kept.begin(), kept.end(), [](const api::Taint& a, const api::Taint& b) {
    return std::tie(a.key, a.value, a.effect) < std::tie(b.key, b.value, b.effect);
  });
  return kept;
}

bool usable(const api::Node& node) {
  return node.ready && !node.unschedulable && !node.meta.deleted &&
         std::none_of(node.taints.begin(), node.taints.end(), [](const api::Taint& taint) {
           return blocks(taint) && isNodeCondition(taint);
         });
}

// A flat key: two nodes with the same one are the same to every selector.
std::string signature(const api::Labels& labels, const std::vector<api::Taint>& taints) {
  std::string text;
  for (const auto& [key, value] : labels) text.append(key).append("=").append(value).append("\n");
  for (const auto& taint : taints) {
    text.append(taint.key).append("=").append(taint.value).append(":").append(taint.effect);
    text.append("\n");
  }
  return text;
}

std::vector<std::string> resourceNames(const catalog::Catalog& catalog) {
  std::set<std::string> names;
  for (const auto& [id, vendor] : catalog.vendors) {
    for (const auto& family : vendor.families) names.insert(family.resource);
  }
  return {names.begin(), names.end()};
}

}  // namespace

bool tolerates(const catalog::ResourceFamily& family, const std::vector<api::Taint>& taints) {
  return std::all_of(taints.begin(), taints.end(), [&](const api::Taint& taint) {
    return taint.effect == "NoSchedule" &&
           std::find(family.tolerations.begin(), family.tolerations.end(), taint.key) !=
               family.tolerations.end();
  });
}

Inventory::Inventory(const std::vector<const api::Node*>& nodes,
                     const std::vector<const api::Pod*>& pods, const api::Region& region,
                     const catalog::Catalog& catalog)
    : resources_(resourceNames(catalog)) {
  addNodes(nodes, region, catalog);
  subtractPods(pods);
  indexFree();
}

void Inventory::addNodes(const std::vector<const api::Node*>& nodes, const api::Region& region,
                         const catalog::Catalog& catalog) {
  auto ordered = nodes;  // so that the plan does not depend on the order of the cache
  std::sort(ordered.begin(), ordered.end(), [](const api::Node* a, const api::Node* b) {
    return a->meta.key.name < b->meta.key.name;
  });
  std::unordered_map<std::string, int> bySignature;
  nodes_.reserve(nodes.size());
  for (const auto* node : ordered) {
    NodeState state{node, 0, usable(*node), std::vector<std::int64_t>(resources_.size()), {}};
    for (const auto& [name, quantity] : node->allocatable) {
      const int index = resource(name);
      if (index >= 0) state.allocatable[index] = api::parseMilli(quantity).value_or(0);
    }
    state.free = state.allocatable;
    auto taints = lasting(node->taints);
    const auto [entry, isNew] = bySignature.try_emplace(signature(node->meta.labels, taints),
                                                        static_cast<int>(groups_.size()));
    if (isNew) {
      groups_.push_back({node->meta.labels, std::move(taints),
                         locate(node->meta.labels, region, catalog), {}});
    }
    state.group = entry->second;
    const int index = static_cast<int>(nodes_.size());
    groups_[state.group].nodes.push_back(index);
    byName_.emplace(node->meta.key.name, index);
    nodes_.push_back(std::move(state));
  }
}

void Inventory::subtractPods(const std::vector<const api::Pod*>& pods) {
  for (const auto* pod : pods) {
    if (pod->terminated || pod->node.empty()) continue;
    const auto entry = byName_.find(pod->node);
    if (entry == byName_.end()) continue;
    for (const auto& [name, milli] : pod->requests) {
      const int index = resource(name);
      if (index >= 0) nodes_[entry->second].free[index] -= milli;
    }
  }
}

void Inventory::indexFree() {
  free_.assign(groups_.size(), std::vector<ByFree>(resources_.size()));
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const auto& state = nodes_[n];
    if (!state.usable) continue;
    for (std::size_t r = 0; r < resources_.size(); ++r) {
      if (state.free[r] > 0) free_[state.group][r][state.free[r]].push_back(static_cast<int>(n));
    }
  }
}

const NodeState* Inventory::node(std::string_view name) const {
  const auto entry = byName_.find(name);
  return entry == byName_.end() ? nullptr : &nodes_[entry->second];
}

int Inventory::resource(std::string_view name) const {
  const auto entry = std::lower_bound(resources_.begin(), resources_.end(), name);
  if (entry == resources_.end() || *entry != name) return -1;
  return static_cast<int>(entry - resources_.begin());
}

const Inventory::ByFree* Inventory::byFree(int group, int resource) const {
  return resource < 0 ? nullptr : &free_[group][resource];
}

Inventory::ByFree* Inventory::byFree(int group, int resource) {
  return resource < 0 ? nullptr : &free_[group][resource];
}

std::vector<int> Inventory::eligibleGroups(const Requirement& requirement) const {
  std::vector<int> eligible;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const auto& group = groups_[g];
    if (tolerates(*requirement.family, group.taints) && matches(requirement.law, group.labels) &&
        matches(requirement.hardware, group.labels)) {
      eligible.push_back(static_cast<int>(g));
    }
  }
  return eligible;
}

bool Inventory::couldHold(const Requirement& requirement, const std::vector<int>& groups) const {
  const int resource = this->resource(requirement.resource);
  if (resource < 0) return false;
  int large = 0;
  for (const int group : groups) {
    for (const int node : groups_[group].nodes) {
      if (nodes_[node].allocatable[resource] >= requirement.milliPerNode) ++large;
    }
  }
  return large >= requirement.nodes;
}

int Inventory::fits(const Requirement& requirement, const std::vector<int>& groups,
                    int limit) const {
  const int resource = this->resource(requirement.resource);
  std::map<std::int64_t, std::int64_t> nodesByParts;  // how many nodes take so many parts
  std::int64_t parts = 0;
  for (const int group : groups) {
    const auto* byAmount = byFree(group, resource);
    if (!byAmount) continue;
    for (auto it = byAmount->lower_bound(requirement.milliPerNode); it != byAmount->end(); ++it) {
      const auto perNode = it->first / requirement.milliPerNode;
      const auto count = static_cast<std::int64_t>(it->second.size());
      parts += perNode * count;
      if (requirement.nodes > 1) nodesByParts[perNode] += count;
    }
  }
  if (requirement.nodes == 1) return static_cast<int>(std::min<std::int64_t>(parts, limit));
  // A replica over several nodes takes each node once, so k replicas take at most k parts of one.
  const auto fit = [&](std::int64_t k) {
    std::int64_t usable = 0;
    for (const auto& [perNode, count] : nodesByParts) usable += std::min(perNode, k) * count;
    return usable >= k * requirement.nodes;
  };
  std::int64_t k = std::min<std::int64_t>(parts / requirement.nodes, limit);
  while (k > 0 && !fit(k)) --k;
  return static_cast<int>(k);
}

// The fullest node that has room, so that large replicas find room later. Of a replica over several
// nodes the emptiest ones, so that its parts do not wait for one node.
std::optional<int> Inventory::pick(const Requirement& requirement,
                                   const std::vector<int>& groups) {
  const int resource = this->resource(requirement.resource);
  ByFree* best = nullptr;
  ByFree::iterator at;
  for (const int group : groups) {
    auto* byAmount = byFree(group, resource);
    if (!byAmount || byAmount->empty()) continue;
    const auto it = requirement.nodes == 1 ? byAmount->lower_bound(requirement.milliPerNode)
                                           : std::prev(byAmount->end());
    if (it == byAmount->end() || it->first < requirement.milliPerNode) continue;
    const bool better = !best || (requirement.nodes == 1 ? it->first < at->first
                                                         : it->first > at->first);
    if (!better) continue;
    best = byAmount;
    at = it;
  }
  if (!best) return std::nullopt;
  const int node = at->second.back();
  at->second.pop_back();
  if (at->second.empty()) best->erase(at);
  return node;
}

// Back into the index with a changed amount; the node is in no bucket.
void Inventory::put(int node, int resource, std::int64_t change) {
  auto& state = nodes_[node];
  state.free[resource] += change;
  if (state.usable && state.free[resource] > 0) {
    (*byFree(state.group, resource))[state.free[resource]].push_back(node);
  }
}

bool Inventory::take(const Requirement& requirement, const std::vector<int>& groups) {
  if (requirement.nodes > 1 && fits(requirement, groups, 1) < 1) return false;
  return reserve(requirement, groups, requirement.nodes) == requirement.nodes;
}

int Inventory::reserve(const Requirement& requirement, const std::vector<int>& groups,
                        int parts) {
  const int resource = this->resource(requirement.resource);
  std::vector<int> taken;
  for (int i = 0; i < parts; ++i) {
    const auto node = pick(requirement, groups);
    if (!node) break;
    taken.push_back(*node);
  }
  for (const int node : taken) put(node, resource, -requirement.milliPerNode);
  return static_cast<int>(taken.size());
}

void Inventory::give(const api::Pod& pod) {
  const auto entry = byName_.find(pod.node);
  if (entry == byName_.end()) return;
  auto& state = nodes_[entry->second];
  for (const auto& [name, milli] : pod.requests) {
    const int index = resource(name);
    if (index < 0) continue;
    auto& byAmount = *byFree(state.group, index);
    const auto bucket = byAmount.find(state.free[index]);
    if (bucket != byAmount.end()) {
      std::erase(bucket->second, entry->second);
      if (bucket->second.empty()) byAmount.erase(bucket);
    }
    put(entry->second, index, milli);
  }
}

}  // namespace bailiwick::plan
