#include "catalog/references.hpp"

#include <fmt/format.h>

#include <map>
#include <regex>
#include <set>

namespace bailiwick::catalog {
namespace {

using Errors = std::vector<std::string>;

// "64G": what planning converts to GiB.
bool isGibLabel(const std::string& value) {
  return value.size() > 1 && value.size() < 8 && value.back() == 'G' &&
         value.find_first_not_of("0123456789") == value.size() - 1;
}

void checkVendor(const Catalog& catalog, const Vendor& vendor, Errors& errors) {
  std::set<std::string> families, products;
  for (const auto& family : vendor.families) {
    if (!families.insert(family.id).second) {
      errors.push_back(fmt::format("vendor {}: family {} is given twice", vendor.id, family.id));
    }
    for (const auto& provider : family.providers) {
      if (catalog.provider(provider)) continue;
      errors.push_back(fmt::format("vendor {}: family {}: provider {} is not in the catalogue",
                                   vendor.id, family.id, provider));
    }
  }
  for (const auto& product : vendor.products) {
    auto names = product.aliases;
    names.push_back(product.name);
    for (const auto& name : names) {
      if (products.insert(name).second) continue;
      errors.push_back(fmt::format("vendor {}: product {} is given twice", vendor.id, name));
    }
    for (const auto& family : product.families) {
      if (families.contains(family)) continue;
      errors.push_back(fmt::format("vendor {}: product {}: family {} does not exist", vendor.id,
                                   product.name, family));
    }
  }
  for (const auto& value : vendor.memoryLabels) {
    if (isGibLabel(value)) continue;
    errors.push_back(fmt::format("vendor {}: memoryLabels: {} is not like 64G", vendor.id, value));
  }
}

void checkPlaceholders(const std::string& where, const std::vector<std::string>& texts,
                       const std::set<std::string>& known, Errors& errors) {
  static const std::regex placeholder("\\{([A-Za-z]+)\\}");
  for (const auto& text : texts) {
    for (std::sregex_iterator it(text.begin(), text.end(), placeholder), end; it != end; ++it) {
      if (known.contains((*it)[1])) continue;
      errors.push_back(fmt::format("{}: {} is filled by nothing", where, (*it)[0].str()));
    }
  }
}

void checkEngine(const Catalog& catalog, const Engine& engine, Errors& errors) {
  const std::set<std::string> single = {"model", "servedName", "host", "port", "devices", "nodes"};
  const std::set<std::string> several = {"model", "servedName",    "host",  "port",
                                         "devices", "leaderAddress", "nodes", "nodeRank"};
  const auto where = fmt::format("engine {}", engine.name);
  checkPlaceholders(where, engine.command, single, errors);
  checkPlaceholders(where, engine.args, single, errors);
  checkPlaceholders(where, engine.multiNodeArgs, several, errors);
  for (const auto& image : engine.images) {
    checkPlaceholders(where, image.args, single, errors);
    const auto* vendor = catalog.vendor(image.vendor);
    if (!vendor) {
      errors.push_back(fmt::format("{}: vendor {} is not in the catalogue", where, image.vendor));
      continue;
    }
    for (const auto& product : image.products) {
      if (vendor->product(product)) continue;
      errors.push_back(fmt::format("{}: vendor {} has no product {}", where, vendor->id, product));
    }
  }
}

void checkProvider(const Catalog& catalog, const Provider& provider, Errors& errors) {
  std::map<std::string, std::string> meanings;
  for (const auto& location : provider.locations) {
    if (!catalog.countries.contains(location.country)) {
      errors.push_back(fmt::format("provider {}: location {}: {} is no ISO 3166-1 country",
                                   provider.id, location.id, location.country));
    }
    auto values = location.nodeLabels;
    values.push_back(location.id);
    for (const auto& value : values) {
      const auto [entry, isNew] = meanings.emplace(value, location.id);
      if (isNew) continue;
      errors.push_back(fmt::format("provider {}: label value {} means both {} and {}", provider.id,
                                   value, entry->second, location.id));
    }
  }
}

}  // namespace

Errors brokenReferences(const Catalog& catalog) {
  Errors errors;
  for (const auto& [id, vendor] : catalog.vendors) checkVendor(catalog, vendor, errors);
  for (const auto& [name, engine] : catalog.engines) checkEngine(catalog, engine, errors);
  for (const auto& [id, provider] : catalog.providers) checkProvider(catalog, provider, errors);
  for (const auto& [name, bloc] : catalog.blocs) {
    for (const auto& member : bloc.members) {
      if (catalog.countries.contains(member)) continue;
      errors.push_back(fmt::format("bloc {}: {} is no ISO 3166-1 country", name, member));
    }
    if (catalog.countries.contains(name)) {
      errors.push_back(fmt::format("bloc {}: a country has that name", name));
    }
  }
  for (const auto& [type, fetcher] : catalog.fetchers) {
    checkPlaceholders(fmt::format("fetcher {}", type), fetcher.command,
                      {"uri", "directory", "repository", "revision"}, errors);
  }
  return errors;
}

}  // namespace bailiwick::catalog
