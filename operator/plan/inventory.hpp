#pragma once
// What the nodes of this region offer and what of it is free, counted per node in thousandths of a
// device. Nodes that no selector can tell apart are one group: work grows with groups, not nodes.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/region.hpp"
#include "api/workload.hpp"
#include "catalog/catalog.hpp"
#include "plan/place.hpp"
#include "plan/requirement.hpp"

namespace bailiwick::plan {

struct NodeGroup {
  api::Labels labels;
  std::vector<api::Taint> taints;  // NoSchedule and NoExecute only
  Place place;
  std::vector<int> nodes;  // indices into Inventory::nodes()
};

struct NodeState {
  const api::Node* node = nullptr;
  int group = 0;
  bool usable = false;  // Ready and not cordoned: weather, not law
  // Whole amounts and what is free of them, in thousandths, by index of Inventory::resources().
  std::vector<std::int64_t> allocatable, free;
};

class Inventory {
 public:
  Inventory() = default;
  Inventory(const std::vector<const api::Node*>& nodes, const std::vector<const api::Pod*>& pods,
            const api::Region& region, const catalog::Catalog& catalog);

  const std::vector<NodeState>& nodes() const { return nodes_; }
  const std::vector<NodeGroup>& groups() const { return groups_; }
  const NodeState* node(std::string_view name) const;
  // -1 when the catalogue does not name it.
  int resource(std::string_view name) const;

  // Groups on whose nodes a replica may be scheduled: law, hardware and tolerated taints.
  std::vector<int> eligibleGroups(const Requirement& requirement) const;

  // Whether a replica would fit into these groups if nothing else ran there.
  bool couldHold(const Requirement& requirement, const std::vector<int>& groups) const;
  // How many replicas fit now into these groups, counted up to `limit`.
  int fits(const Requirement& requirement, const std::vector<int>& groups, int limit) const;
  // Takes the devices of one replica, from the fullest nodes that have room. The scheduler may
  // choose other nodes: the count is what matters. False when none fits.
  bool take(const Requirement& requirement, const std::vector<int>& groups);
  // Takes one part of a replica on each of up to `parts` nodes: how many it found.
  int reserve(const Requirement& requirement, const std::vector<int>& groups, int parts);
  // Gives back what a pod holds: it is to go.
  void give(const api::Pod& pod);

 private:
  std::optional<int> pick(const Requirement& requirement, const std::vector<int>& groups);
  void put(int node, int resource, std::int64_t change);
  // Nodes of one group and resource by what is free of it, ascending; usable nodes only.
  using ByFree = std::map<std::int64_t, std::vector<int>>;
  ByFree* byFree(int group, int resource);
  const ByFree* byFree(int group, int resource) const;
  void addNodes(const std::vector<const api::Node*>& nodes, const api::Region& region,
                const catalog::Catalog& catalog);
  void subtractPods(const std::vector<const api::Pod*>& pods);
  void indexFree();

  std::vector<std::string> resources_;  // that the catalogue names
  std::vector<NodeState> nodes_;
  std::vector<NodeGroup> groups_;
  std::unordered_map<std::string_view, int> byName_;
  std::vector<std::vector<ByFree>> free_;  // by group, by resource
};

// Whether the family's pods may be put on nodes with these taints.
bool tolerates(const catalog::ResourceFamily& family, const std::vector<api::Taint>& taints);

// The pools as Region.status shows them, and which one a group of nodes belongs to.
class Pools {
 public:
  Pools() = default;
  Pools(const Inventory& inventory, const api::Region& region, const catalog::Catalog& catalog);

  const std::vector<api::PoolStatus>& rows() const { return rows_; }  // by name
  // Nullptr where the group has no pool for that resource, as none has for CPUs.
  const std::string* nameOf(int group, std::string_view resource) const;
  // The product of that pool by the catalogue's name, empty where labels name none. Nullptr as above.
  const std::string* productOf(int group, std::string_view resource) const;

 private:
  std::vector<api::PoolStatus> rows_;
  std::map<std::pair<int, std::string>, std::string> names_;
};

}  // namespace bailiwick::plan
