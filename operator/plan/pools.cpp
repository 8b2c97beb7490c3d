#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <tuple>

#include "api/quantity.hpp"
#include "plan/inventory.hpp"

namespace bailiwick::plan {
namespace {

using catalog::Labeller;
using catalog::ResourceFamily;
using catalog::Vendor;

// More than one: a node of several kinds.
std::set<std::string> productsInKeys(const api::Labels& labels, const Labeller& labeller,
                                     const Vendor& vendor) {
  std::set<std::string> found;
  for (const auto& product : vendor.products) {
    for (const auto& value : labeller.valuesOf(product)) {
      if (labels.find(labeller.keyOf(value))) found.insert(product.name);
    }
  }
  return found;
}

// The memory that a node's labels tell by this labeller, as they write it; empty when they do not.
std::string memoryWord(const api::Labels& labels, const Labeller& labeller, const Vendor& vendor) {
  if (labeller.memoryKey.empty()) return "";
  if (!labeller.valueInKey) {
    const std::string* value = labels.find(labeller.memoryKey);
    return value ? *value : "";
  }
  std::string found;
  for (const auto& value : vendor.memoryLabels) {
    if (!labels.find(labeller.memoryKey + "." + value)) continue;
    if (!found.empty()) return "";
    found = value;
  }
  return found;
}

// The product that a node's labels name: the catalogue's name where it knows the value, else the
// value itself, else empty.
std::string productOf(const api::Labels& labels, const Vendor& vendor,
                      const ResourceFamily& family) {
  for (const auto& labeller : family.labellers) {
    if (labeller.valueInKey) {
      const auto products = productsInKeys(labels, labeller, vendor);
      if (products.size() == 1) return *products.begin();
      continue;
    }
    const std::string* value = labels.find(labeller.productKey);
    if (!value) continue;
    for (const auto& product : vendor.products) {
      const auto& ids = product.deviceIds;
      if (labeller.byDeviceId && std::find(ids.begin(), ids.end(), *value) != ids.end()) {
        return product.name;
      }
    }
    if (labeller.byDeviceId) continue;
    const auto* known = vendor.product(*value);
    return known ? known->name : *value;
  }
  return "";
}

std::string memoryOf(const api::Labels& labels, const Vendor& vendor,
                     const ResourceFamily& family) {
  for (const auto& labeller : family.labellers) {
    const std::string value = memoryWord(labels, labeller, vendor);
    if (value.empty()) continue;
    const bool inMiB = labeller.memoryUnit == catalog::MemoryUnit::MiB;
    const auto number = api::parseUnits(inMiB ? value : value.substr(0, value.find('G')));
    if (number) return fmt::format("{}{}", *number, inMiB ? "Mi" : "Gi");
  }
  return "";
}

std::string zoneOf(const api::Labels& labels, const catalog::Catalog& catalog) {
  for (const auto& key : catalog.zoneLabels) {
    if (const std::string* value = labels.find(key)) return *value;
  }
  return "";
}

std::vector<std::string> residencyOf(const api::Labels& labels, const catalog::Catalog& catalog) {
  std::vector<std::string> classes;
  for (const auto& [key, value] : labels) {
    if (value == "true" && key.starts_with(catalog.residencyPrefix)) {
      classes.push_back(key.substr(catalog.residencyPrefix.size()));
    }
  }
  return classes;
}

// "nvidia-h200-eu-central-1a": vendor, product without the vendor's own prefix, zone.
std::string poolName(const Vendor& vendor, const std::string& product, const std::string& zone) {
  std::string lower;
  for (const char c : product.empty() ? std::string("any") : product) {
    const auto byte = static_cast<unsigned char>(c);
    lower += std::isalnum(byte) ? static_cast<char>(std::tolower(byte)) : '-';
  }
  if (lower.starts_with(vendor.id + "-")) lower.erase(0, vendor.id.size() + 1);
  auto name = vendor.id + "-" + lower;
  if (!zone.empty()) name += "-" + zone;
  return name;
}

bool usableHere(const ResourceFamily& family, const api::Region& region) {
  return family.providers.empty() ||
         std::find(family.providers.begin(), family.providers.end(), region.provider) !=
             family.providers.end();
}

bool isOf(const api::Labels& labels, const ResourceFamily& family) {
  const auto is = [&](const auto& label) {
    const std::string* value = labels.find(label.first);
    return value && std::find(label.second.begin(), label.second.end(), *value) !=
                        label.second.end();
  };
  return std::all_of(family.requiredLabels.begin(), family.requiredLabels.end(), is) &&
         std::none_of(family.excludedLabels.begin(), family.excludedLabels.end(), is);
}

std::string ineligibleReason(const Place& place) {
  switch (place.location) {
    case Location::Known:
      return "";
    case Location::Unknown:
      return "LocationUnknown";
    case Location::Contradictory:
      return "LocationContradictory";
  }
  return "";
}

void count(api::PoolStatus& pool, const NodeState& state, int resource, bool tolerated) {
  const auto devices = static_cast<int>(state.allocatable[resource] / 1000);
  ++pool.nodes;
  pool.devices += devices;
  if (!state.usable || !tolerated) return;
  const auto free = static_cast<int>(std::max<std::int64_t>(0, state.free[resource]) / 1000);
  ++pool.nodesReady;
  pool.devicesFree += free;
  pool.largestFreeOnOneNode = std::max(pool.largestFreeOnOneNode, free);
}

struct PoolSource {
  const Inventory& inventory;
  const catalog::Catalog& catalog;
};

// One row per group and family; rows that look alike are added up by the caller.
std::optional<api::PoolStatus> poolOf(const PoolSource& source, const NodeGroup& group,
                                      const Vendor& vendor, const ResourceFamily& family) {
  const int resource = source.inventory.resource(family.resource);
  const bool tolerated = tolerates(family, group.taints);
  api::PoolStatus pool;
  for (const int index : group.nodes) {
    const auto& state = source.inventory.nodes()[index];
    if (state.allocatable[resource] >= 1000) count(pool, state, resource, tolerated);
  }
  if (pool.nodes == 0) return std::nullopt;
  pool.vendor = vendor.id;
  pool.product = productOf(group.labels, vendor, family);
  pool.memoryPerDevice = memoryOf(group.labels, vendor, family);
  pool.zone = zoneOf(group.labels, source.catalog);
  pool.residencyClasses = residencyOf(group.labels, source.catalog);
  pool.reason = ineligibleReason(group.place);
  pool.eligible = pool.reason.empty();
  pool.name = poolName(vendor, pool.product, pool.zone);
  return pool;
}

void sumUp(api::PoolStatus& sum, const api::PoolStatus& part) {
  sum.nodes += part.nodes;
  sum.nodesReady += part.nodesReady;
  sum.devices += part.devices;
  sum.devicesFree += part.devicesFree;
  sum.largestFreeOnOneNode = std::max(sum.largestFreeOnOneNode, part.largestFreeOnOneNode);
}

// Adds up what looks alike; a name that is taken by something else gets a number.
class PoolTable {
 public:
  // The name under which it is counted.
  std::string add(api::PoolStatus pool) {
    const Identity identity{pool.name, pool.memoryPerDevice, pool.residencyClasses, pool.reason};
    const auto known = names_.find(identity);
    if (known != names_.end()) {
      sumUp(byName_.at(known->second), pool);
      return known->second;
    }
    auto name = pool.name;
    for (int& number = numbers_[pool.name]; byName_.contains(name);) {
      number = std::max(number + 1, 2);
      name = fmt::format("{}-{}", pool.name, number);
    }
    names_.emplace(identity, name);
    pool.name = name;
    byName_.emplace(name, std::move(pool));
    return name;
  }

  std::vector<api::PoolStatus> take() {
    std::vector<api::PoolStatus> result;
    for (auto& [name, pool] : byName_) result.push_back(std::move(pool));
    return result;
  }

 private:
  using Identity = std::tuple<std::string, std::string, std::vector<std::string>, std::string>;
  std::map<std::string, api::PoolStatus> byName_;
  std::map<Identity, std::string> names_;
  std::map<std::string, int> numbers_;  // the last one given to each name
};

}  // namespace

Pools::Pools(const Inventory& inventory, const api::Region& region,
             const catalog::Catalog& catalog) {
  const PoolSource source{inventory, catalog};
  PoolTable table;
  const auto addGroup = [&](int index, const Vendor& vendor) {
    const auto& group = inventory.groups()[index];
    std::set<std::string_view> counted;  // two families may offer the same devices
    for (const auto& family : vendor.families) {
      if (!usableHere(family, region) || !isOf(group.labels, family)) continue;
      if (counted.contains(family.resource)) continue;
      auto pool = poolOf(source, group, vendor, family);
      if (!pool) continue;
      counted.insert(family.resource);
      names_.emplace(std::pair{index, family.resource}, table.add(std::move(*pool)));
    }
  };
  for (std::size_t group = 0; group < inventory.groups().size(); ++group) {
    for (const auto& [id, vendor] : catalog.vendors) {
      // Every node has CPUs: they are a pool only where somebody asks for them.
      if (id != "cpu") addGroup(static_cast<int>(group), vendor);
    }
  }
  rows_ = table.take();
}

const std::string* Pools::nameOf(int group, std::string_view resource) const {
  const auto entry = names_.find(std::pair{group, std::string(resource)});
  return entry == names_.end() ? nullptr : &entry->second;
}

const std::string* Pools::productOf(int group, std::string_view resource) const {
  const auto* name = nameOf(group, resource);
  if (!name) return nullptr;
  const auto row = std::lower_bound(
      rows_.begin(), rows_.end(), *name,
      [](const api::PoolStatus& pool, const std::string& wanted) { return pool.name < wanted; });
  return &row->product;
}

}  // namespace bailiwick::plan
