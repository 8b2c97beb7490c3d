#include "plan/verdict.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace bailiwick::plan {
namespace {

using policy::Refusal;

bool offers(const Inventory& inventory, const NodeGroup& group, int resource) {
  return std::any_of(group.nodes.begin(), group.nodes.end(), [&](int index) {
    return inventory.nodes()[index].allocatable[resource] >= 1000;
  });
}

// The order of api.md: contradictory, unknown, then what is only missing a class.
int urgency(const Place& place) {
  if (place.location == Location::Contradictory) return 0;
  return place.location == Location::Unknown ? 1 : 2;
}

const std::string& firstNode(const Inventory& inventory, const NodeGroup& group) {
  return inventory.nodes()[group.nodes.front()].node->meta.key.name;
}

// What a node's labels say that it has, in their words; and which label rules it out all the same.
std::set<std::string> told(const api::Labels& labels, const Requirement& r) {
  std::set<std::string> words;
  for (const auto& labeller : r.family->labellers) {
    if (const auto* value = labels.find(labeller.productKey)) words.insert(*value);
    if (!labeller.valueInKey) continue;
    for (const auto& product : r.vendor->products) {
      for (const auto& value : labeller.valuesOf(product)) {
        if (labels.find(labeller.keyOf(value))) words.insert(value);
      }
    }
  }
  for (const auto& [key, values] : r.family->excludedLabels) {
    const auto* value = labels.find(key);
    if (!value || std::find(values.begin(), values.end(), *value) == values.end()) continue;
    const auto what = words.empty() ? "a node" : fmt::format("{}", fmt::join(words, ", "));
    return {fmt::format("{} (label {}={}: its devices are divided)", what, key, *value)};
  }
  return words;
}

Refusal wrongHardware(const api::Variant& variant, const Requirement& r,
                      const Inventory& inventory, const std::vector<int>& groups) {
  std::set<std::string> present;
  for (const int group : groups) {
    present.merge(told(inventory.groups()[group].labels, r));
  }
  auto wanted = variant.accelerator.products.empty()
                    ? fmt::format("a product of {} that the catalogue knows", r.vendor->name)
                    : fmt::format("product {}", fmt::join(variant.accelerator.products, " or "));
  if (variant.accelerator.minMemoryBytes > 0) {
    wanted += fmt::format(" with at least {} of memory",
                          api::formatBytes(variant.accelerator.minMemoryBytes));
  }
  return {"NoMatchingPool",
          fmt::format("variant {}: no node that offers {} has {}; there is {}", variant.name,
                      r.resource, wanted,
                      present.empty() ? "no label that tells the product"
                                      : fmt::format("{}", fmt::join(present, ", ")))};
}

struct Fullest {
  int nodes = 0, usable = 0, tolerated = 0;
  std::int64_t mostFree = 0;
  std::int64_t largest = 0;  // devices of one node, free or not
};

Refusal noCapacity(const api::Variant& variant, const Requirement& r, const Inventory& inventory,
                   const std::vector<int>& groups, int resource) {
  Fullest seen;
  std::string taint;
  for (const int g : groups) {
    const auto& group = inventory.groups()[g];
    const bool tolerated = tolerates(*r.family, group.taints);
    if (!tolerated && !group.taints.empty()) taint = group.taints.front().key;
    for (const int index : group.nodes) {
      const auto& state = inventory.nodes()[index];
      ++seen.nodes;
      seen.largest = std::max(seen.largest, state.allocatable[resource] / 1000);
      if (!state.usable) continue;
      ++seen.usable;
      if (!tolerated) continue;
      ++seen.tolerated;
      seen.mostFree = std::max(seen.mostFree, state.free[resource] / 1000);
    }
  }
  const auto prefix = fmt::format("variant {}: a replica needs {} {} on {}", variant.name,
                                  r.devicesPerNode, r.resource,
                                  r.nodes == 1 ? "one node"
                                               : fmt::format("each of {} nodes", r.nodes));
  if (seen.largest < r.devicesPerNode) {
    return {"NoCapacity", fmt::format("{}; the largest of {} lawful nodes has {}", prefix,
                                      seen.nodes, seen.largest)};
  }
  if (seen.usable == 0) {
    return {"NoCapacity", fmt::format("{}; all {} lawful nodes are cordoned or not Ready", prefix,
                                      seen.nodes)};
  }
  if (seen.tolerated == 0) {
    return {"NoCapacity", fmt::format("{}; the {} lawful nodes carry taint {}, which nothing "
                                      "tolerates",
                                      prefix, seen.usable, taint)};
  }
  return {"NoCapacity", fmt::format("{}; the most that is free on one of {} lawful nodes is {}",
                                    prefix, seen.tolerated, seen.mostFree)};
}

}  // namespace

std::optional<Refusal> whyUnlawful(std::string_view nodeName, const NodeGroup& group,
                                   const std::vector<std::string>& dataResidency,
                                   const api::Region& region, const catalog::Catalog& catalog) {
  const auto& place = group.place;
  if (place.location == Location::Contradictory) {
    return Refusal{"LocationContradictory", fmt::format("node {}: {}", nodeName, place.detail)};
  }
  if (place.location == Location::Unknown) {
    return Refusal{"LocationUnknown", fmt::format("node {}: {}", nodeName, place.detail)};
  }
  for (const auto& name : dataResidency) {
    const auto& allowed = region.residencyClasses;
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      return Refusal{"NoLegalPlace", fmt::format("region {} does not allow residency class {}",
                                                 region.meta.key.name, name)};
    }
    if (!group.labels.has(catalog.residencyPrefix + name, "true")) {
      return Refusal{"NoLegalPlace", fmt::format("node {} lacks label {}{}: \"true\"", nodeName,
                                                 catalog.residencyPrefix, name)};
    }
  }
  return std::nullopt;
}

Refusal whyNoRoom(const api::Variant& variant, const Requirement& r,
                  const std::vector<std::string>& dataResidency, const Inventory& inventory,
                  const std::vector<int>& groups, const api::Region& region,
                  const catalog::Catalog& catalog) {
  const int resource = inventory.resource(r.resource);
  std::vector<int> offering, fitting, lawful;
  const NodeGroup* worst = nullptr;
  for (const int g : groups) {
    const auto& group = inventory.groups()[g];
    if (resource < 0 || !offers(inventory, group, resource)) continue;
    offering.push_back(g);
    if (!matches(r.hardware, group.labels)) continue;
    fitting.push_back(g);
    if (matches(r.law, group.labels)) {
      lawful.push_back(g);
    } else if (!worst || urgency(group.place) < urgency(worst->place)) {
      worst = &group;
    }
  }
  if (offering.empty()) {
    return {"NoMatchingPool",
            fmt::format("variant {}: no node offers {}", variant.name, r.resource)};
  }
  if (fitting.empty()) return wrongHardware(variant, r, inventory, offering);
  if (lawful.empty()) {
    auto why = whyUnlawful(firstNode(inventory, *worst), *worst, dataResidency, region, catalog);
    return {why->reason, fmt::format("variant {}: {}", variant.name, why->message)};
  }
  return noCapacity(variant, r, inventory, lawful, resource);
}

Refusal whyNoRoom(const api::Variant& variant, const Requirement& r,
                  const std::vector<std::string>& dataResidency, const Inventory& inventory,
                  const api::Region& region, const catalog::Catalog& catalog) {
  std::vector<int> all(inventory.groups().size());
  std::iota(all.begin(), all.end(), 0);
  return whyNoRoom(variant, r, dataResidency, inventory, all, region, catalog);
}

}  // namespace bailiwick::plan
