#include "fleet/units.hpp"

#include <algorithm>
#include <limits>

#include "fleet/view.hpp"

namespace bailiwick::fleet {
namespace {

// Entries are nearly always in the spec's order.
template <class Entry>
Counts collect(const std::vector<Entry>& list, const api::ModelDeploymentSpec& spec) {
  const auto& variants = spec.variants;
  Counts counts(variants.size(), 0);
  std::size_t next = 0;
  for (const auto& entry : list) {
    for (std::size_t tried = 0; tried < variants.size(); ++tried) {
      const auto i = (next + tried) % variants.size();
      if (variants[i].name != entry.variant) continue;
      counts[i] = std::max(0, entry.replicas);
      next = i + 1;
      break;
    }
  }
  return counts;
}

template <class Choose>
Counts combine(const Counts& a, const Counts& b, Choose choose) {
  Counts result(std::max(a.size(), b.size()), 0);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = choose(i < a.size() ? a[i] : 0, i < b.size() ? b[i] : 0);
  }
  return result;
}

}  // namespace

Counts countsOf(const std::vector<api::VariantCount>& list, const api::ModelDeploymentSpec& spec) {
  return collect(list, spec);
}

Counts countsOf(const std::vector<api::VariantOffer>& list, const api::ModelDeploymentSpec& spec) {
  return collect(list, spec);
}

Counts claimed(const api::RegionEntry& entry, const api::ModelDeploymentSpec& spec) {
  auto counts = least(collect(entry.share, spec), collect(entry.offer, spec));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = std::min(counts[i], capOf(spec.variants[i], spec));
  }
  return counts;
}

std::vector<api::VariantCount> listOf(const Counts& counts, const api::ModelDeploymentSpec& spec) {
  std::vector<api::VariantCount> list;
  for (std::size_t i = 0; i < counts.size() && i < spec.variants.size(); ++i) {
    if (counts[i] > 0) list.push_back({spec.variants[i].name, counts[i]});
  }
  return list;
}

api::Units unitsOf(const Counts& counts, const api::ModelDeploymentSpec& spec) {
  api::Units units = 0;
  for (std::size_t i = 0; i < counts.size() && i < spec.variants.size(); ++i) {
    units += counts[i] * spec.variants[i].capacity;
  }
  return units;
}

Counts least(const Counts& a, const Counts& b) {
  return combine(a, b, [](int x, int y) { return std::min(x, y); });
}

Counts most(const Counts& a, const Counts& b) {
  return combine(a, b, [](int x, int y) { return std::max(x, y); });
}

api::Units wantedUnits(const api::ModelDeploymentSpec& spec) {
  return spec.replicas * api::Units{1000};
}

int capOf(const api::Variant& variant, const api::ModelDeploymentSpec& spec) {
  return static_cast<int>((wantedUnits(spec) + variant.capacity - 1) / variant.capacity);
}

api::Units regionCap(const api::ModelDeploymentSpec& spec) {
  if (!spec.placement.maxPerRegion) return std::numeric_limits<api::Units>::max();
  return *spec.placement.maxPerRegion * api::Units{1000};
}

api::Units heldUnits(const api::RegionEntry& entry, const api::ModelDeploymentSpec& spec) {
  return std::min(regionCap(spec),
                  unitsOf(least(claimed(entry, spec), countsOf(entry.ready, spec)), spec));
}

const api::RegionEntry* selfEntry(const api::ModelDeployment& deployment,
                                  std::string_view region) {
  for (const auto& entry : deployment.status.regions) {
    if (entry.self && entry.name == region) return &entry;
  }
  return nullptr;
}

}  // namespace bailiwick::fleet
