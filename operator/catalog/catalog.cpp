#include "catalog/catalog.hpp"

#include <algorithm>

namespace bailiwick::catalog {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

template <class List, class Matches>
auto* firstOf(List& list, Matches&& matches) {
  const auto at = std::find_if(list.begin(), list.end(), matches);
  return at != list.end() ? &*at : nullptr;
}

template <class Map>
auto* lookUp(const Map& map, std::string_view key) {
  const auto at = map.find(key);
  return at != map.end() ? &at->second : nullptr;
}

}  // namespace

const ResourceFamily* Vendor::family(std::string_view wanted) const {
  return firstOf(families, [&](const ResourceFamily& f) { return f.id == wanted; });
}

const Product* Vendor::product(std::string_view nameOrAlias) const {
  return firstOf(products, [&](const Product& p) {
    return p.name == nameOrAlias || contains(p.aliases, nameOrAlias);
  });
}

const EngineImage* Engine::imageFor(std::string_view vendor, std::string_view product) const {
  const EngineImage* exact = firstOf(images, [&](const EngineImage& i) {
    return i.vendor == vendor && contains(i.products, product);
  });
  if (exact != nullptr) return exact;
  return firstOf(images,
                 [&](const EngineImage& i) { return i.vendor == vendor && i.products.empty(); });
}

const Location* Provider::location(std::string_view wanted) const {
  return firstOf(locations, [&](const Location& l) { return l.id == wanted; });
}

const Location* Provider::byNodeLabel(std::string_view value) const {
  return firstOf(locations,
                 [&](const Location& l) { return l.id == value || contains(l.nodeLabels, value); });
}

const Vendor* Catalog::vendor(std::string_view id) const {
  return lookUp(vendors, id);
}

const Engine* Catalog::engine(std::string_view name) const {
  return lookUp(engines, name);
}

const Provider* Catalog::provider(std::string_view id) const {
  return lookUp(providers, id);
}

const Fetcher* Catalog::fetcher(std::string_view sourceType) const {
  return lookUp(fetchers, sourceType);
}

bool Catalog::knowsPlace(std::string_view place) const {
  return countries.contains(place) || blocs.contains(place);
}

std::set<std::string> Catalog::expand(const std::vector<std::string>& places) const {
  std::set<std::string> out;
  for (const std::string& place : places) {
    if (const Bloc* bloc = lookUp(blocs, place)) {
      out.insert(bloc->members.begin(), bloc->members.end());
    } else if (countries.contains(place)) {
      out.insert(place);
    }
  }
  return out;
}

std::set<std::string, std::less<>> Catalog::nodeLabelKeys() const {
  std::set<std::string, std::less<>> keys(regionLabels.begin(), regionLabels.end());
  keys.insert(zoneLabels.begin(), zoneLabels.end());
  keys.insert(jurisdictionLabel);
  for (const auto& [id, vendor] : vendors) {
    for (const ResourceFamily& family : vendor.families) {
      for (const auto& [key, values] : family.requiredLabels) keys.insert(key);
      for (const auto& [key, values] : family.excludedLabels) keys.insert(key);
      for (const Labeller& labeller : family.labellers) {
        keys.insert(labeller.productKey);
        if (!labeller.memoryKey.empty()) keys.insert(labeller.memoryKey);
      }
    }
  }
  return keys;
}

}  // namespace bailiwick::catalog
