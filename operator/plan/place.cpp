#include "plan/place.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bailiwick::plan {
namespace {

// Node label values that mean a location of the Region's provider, split by whether it lies in the
// Region's jurisdiction.
struct Values {
  std::vector<std::string> here, elsewhere;
};

Values labelValues(const api::Region& region, const catalog::Catalog& catalog) {
  Values values;
  const auto* provider = catalog.provider(region.provider);
  if (!provider) return values;
  for (const auto& location : provider->locations) {
    auto& list = location.country == region.jurisdiction ? values.here : values.elsewhere;
    for (auto& value : location.labelValues()) list.push_back(std::move(value));
  }
  std::sort(values.here.begin(), values.here.end());
  std::sort(values.elsewhere.begin(), values.elsewhere.end());
  return values;
}

std::string objection(const api::Region& region, const catalog::Catalog& catalog) {
  return catalog.objection(region.provider, region.location, region.jurisdiction);
}

}  // namespace

Place locate(const api::Labels& labels, const api::Region& region,
             const catalog::Catalog& catalog) {
  const auto& name = region.meta.key.name;
  if (const auto why = objection(region, catalog); !why.empty()) {
    return {Location::Contradictory, fmt::format("region {} {}", name, why)};
  }
  const auto* provider = catalog.provider(region.provider);
  bool here = false;
  for (const auto& key : catalog.regionLabels) {
    const std::string* value = labels.find(key);
    const auto* location = value && provider ? provider->location(*value) : nullptr;
    if (!location) continue;
    if (location->country != region.jurisdiction) {
      return {Location::Contradictory,
              fmt::format("label {}={} is in {}, region {} in {}", key, *value, location->country,
                          name, region.jurisdiction)};
    }
    here = true;
  }
  if (const std::string* value = labels.find(catalog.jurisdictionLabel)) {
    if (*value == region.jurisdiction) return {Location::Known, ""};
    return {Location::Contradictory, fmt::format("label {}={}, region {} is in {}",
                                                 catalog.jurisdictionLabel, *value, name,
                                                 region.jurisdiction)};
  }
  if (here) return {Location::Known, ""};
  return {Location::Unknown,
          fmt::format("it has neither label {} nor a {} that the catalogue knows for provider {}",
                      catalog.jurisdictionLabel, catalog.regionLabels.front(), region.provider)};
}

NodeSelector knownPlace(const api::Region& region, const catalog::Catalog& catalog) {
  if (!objection(region, catalog).empty()) return {};
  const auto values = labelValues(region, catalog);
  const auto neverElsewhere = [&](Term& term, const std::string& but) {
    for (const auto& key : catalog.regionLabels) {
      if (key != but && !values.elsewhere.empty()) {
        term.all.push_back({key, Operator::NotIn, values.elsewhere});
      }
    }
  };
  NodeSelector selector;
  Term labelled;
  neverElsewhere(labelled, "");
  labelled.all.push_back({catalog.jurisdictionLabel, Operator::In, {region.jurisdiction}});
  selector.any.push_back(std::move(labelled));
  if (values.here.empty()) return selector;
  for (const auto& key : catalog.regionLabels) {
    Term term;  // In the values here, so never elsewhere
    neverElsewhere(term, key);
    term.all.push_back({catalog.jurisdictionLabel, Operator::DoesNotExist, {}});
    term.all.push_back({key, Operator::In, values.here});
    selector.any.push_back(std::move(term));
  }
  return selector;
}

}  // namespace bailiwick::plan
