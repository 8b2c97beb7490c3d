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

// Where the key holds a value: one key for each value that the catalogue knows.
void addKeys(const Labeller& labeller, const Vendor& vendor,
             std::set<std::string, std::less<>>& keys) {
  if (!labeller.valueInKey) {
    keys.insert(labeller.productKey);
    if (!labeller.memoryKey.empty()) keys.insert(labeller.memoryKey);
    return;
  }
  for (const Product& product : vendor.products) {
    for (const std::string& value : labeller.valuesOf(product)) keys.insert(labeller.keyOf(value));
  }
  if (labeller.memoryKey.empty()) return;
  for (const std::string& value : vendor.memoryLabels)
    keys.insert(labeller.memoryKey + "." + value);
}

}  // namespace

std::vector<std::string> Labeller::valuesOf(const Product& product) const {
  if (byDeviceId) return product.deviceIds;
  std::vector<std::string> values = product.aliases;
  values.push_back(product.name);
  return values;
}

const ResourceFamily* Vendor::family(std::string_view wanted) const {
  return firstOf(families, [&](const ResourceFamily& f) { return f.id == wanted; });
}

const Product* Vendor::product(std::string_view nameOrAlias) const {
  return firstOf(products, [&](const Product& p) {
    return p.name == nameOrAlias || contains(p.aliases, nameOrAlias);
  });
}

std::string Labeller::keyOf(std::string_view productValue) const {
  return valueInKey ? std::string(productKey).append(".").append(productValue) : productKey;
}

const EngineImage* Engine::imageFor(std::string_view vendor, std::string_view product) const {
  const EngineImage* exact = firstOf(images, [&](const EngineImage& i) {
    return i.vendor == vendor && contains(i.products, product);
  });
  if (exact != nullptr) return exact;
  return firstOf(images,
                 [&](const EngineImage& i) { return i.vendor == vendor && i.products.empty(); });
}

bool Engine::supports(std::string_view vendor) const {
  return firstOf(images, [&](const EngineImage& i) { return i.vendor == vendor; }) != nullptr;
}

bool Location::goesBy(std::string_view word) const {
  return id == word || contains(nodeLabels, word);
}

std::vector<std::string> Location::labelValues() const {
  std::vector<std::string> values = nodeLabels;
  if (id.find('/') == std::string::npos) values.push_back(id);
  return values;
}

const Location* Provider::location(std::string_view idOrNodeLabel) const {
  return firstOf(locations, [&](const Location& l) { return l.goesBy(idOrNodeLabel); });
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

std::string Catalog::objection(std::string_view providerId, std::string_view location,
                               std::string_view jurisdiction) const {
  const auto say = [](std::initializer_list<std::string_view> words) {
    std::string text;
    for (const std::string_view word : words) text += word;
    return text;
  };
  const Provider* own = provider(providerId);
  if (const Location* known = own != nullptr ? own->location(location) : nullptr) {
    if (known->country == jurisdiction) return "";
    return say({"says jurisdiction ", jurisdiction, ", but ", providerId, " ", location, " is in ",
                known->country});
  }
  for (const auto& [id, part] : providers) {
    if (part.partOf != providerId || part.location(location) == nullptr) continue;
    return say({"says provider ", providerId, ", but ", location, " is a location of provider ", id,
                " (", part.name, ")"});
  }
  return "";
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

bool Catalog::covers(const std::vector<std::string>& places, std::string_view country) const {
  return std::any_of(places.begin(), places.end(), [&](const std::string& place) {
    if (const Bloc* bloc = lookUp(blocs, place)) return bloc->members.contains(std::string(country));
    return place == country;
  });
}

std::set<std::string, std::less<>> Catalog::nodeLabelKeys() const {
  std::set<std::string, std::less<>> keys(regionLabels.begin(), regionLabels.end());
  keys.insert(zoneLabels.begin(), zoneLabels.end());
  keys.insert(jurisdictionLabel);
  for (const auto& [id, vendor] : vendors) {
    for (const ResourceFamily& family : vendor.families) {
      for (const auto& [key, values] : family.requiredLabels) keys.insert(key);
      for (const auto& [key, values] : family.excludedLabels) keys.insert(key);
      for (const Labeller& labeller : family.labellers) addKeys(labeller, vendor, keys);
    }
  }
  return keys;
}

}  // namespace bailiwick::catalog
