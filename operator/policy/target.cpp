#include "policy/target.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bailiwick::policy {
namespace {

using Names = std::vector<std::string>;
using Found = std::optional<std::string>;

bool contains(const Names& names, std::string_view name) {
  return !name.empty() && std::find(names.begin(), names.end(), name) != names.end();
}

bool looksAtModels(const api::ExitTarget& target) {
  return !target.origins.empty() || !target.publishers.empty() || !target.licences.empty();
}

Found inModel(const api::ExitTarget& target, const Kin& kin, const catalog::Catalog& catalog) {
  if (contains(target.passports, kin.passport)) return kin.object;
  if (!kin.problem.empty()) {
    if (!looksAtModels(target)) return std::nullopt;
    return fmt::format("{}, of which nothing is known: it {}", kin.object, kin.problem);
  }
  if (!kin.origin.empty() && catalog.covers(target.origins, kin.origin)) {
    return fmt::format("origin {} of {}", kin.origin, kin.object);
  }
  if (contains(target.publishers, kin.publisher)) {
    return fmt::format("publisher {} of {}", kin.publisher, kin.object);
  }
  if (contains(target.licences, kin.licence)) {
    return fmt::format("licence {} of {}", kin.licence, kin.object);
  }
  return std::nullopt;
}

// Names of the catalogue and what node labels call them are the same product. A variant that may be
// put on any product of its vendor may be put on this one.
Found inProducts(const api::ExitTarget& target, const Facts& facts,
                 const catalog::Catalog& catalog) {
  const auto* vendor = catalog.vendor(facts.vendor);
  for (const auto& name : target.products) {
    const auto* known = vendor ? vendor->product(name) : nullptr;
    const auto& product = known ? known->name : name;
    if (contains(facts.products, product) || (facts.products.empty() && known)) {
      return "product " + name;
    }
  }
  return std::nullopt;
}

Found inPlace(const api::ExitTarget& target, const ServingPlace& place,
              const catalog::Catalog& catalog) {
  if (contains(target.providers, place.provider)) {
    return fmt::format("provider {} of {}", place.provider, place.object);
  }
  if (!place.jurisdiction.empty() && catalog.covers(target.jurisdictions, place.jurisdiction)) {
    return fmt::format("jurisdiction {} of {}", place.jurisdiction, place.object);
  }
  return std::nullopt;
}

Found inPolicies(const api::ExitTarget& target, const Facts& facts, const Violates& violates) {
  if (!violates) return std::nullopt;
  for (const auto& policy : target.policies) {
    if (const auto why = violates(policy, facts)) {
      return fmt::format("what violates a policy ({})", *why);
    }
  }
  return std::nullopt;
}

}  // namespace

Found named(const api::ExitTarget& target, const Facts& facts, const catalog::Catalog& catalog,
            const Violates& violates) {
  for (const auto& kin : facts.lineage) {
    if (auto found = inModel(target, kin, catalog)) return found;
  }
  if (contains(target.vendors, facts.vendor)) return "vendor " + facts.vendor;
  if (auto found = inProducts(target, facts, catalog)) return found;
  if (contains(target.engines, facts.engine)) return "engine " + facts.engine;
  if (facts.region && contains(target.regions, facts.region->meta.key.name)) {
    return "region " + facts.region->meta.key.name;
  }
  for (const auto& place : facts.places) {
    if (auto found = inPlace(target, place, catalog)) return found;
  }
  if (contains(target.providers, facts.externalProvider)) {
    return "provider " + facts.externalProvider;
  }
  return inPolicies(target, facts, violates);
}

Found targeted(const api::ExitOrderSpec& order, const Facts& facts,
               const catalog::Catalog& catalog, const Violates& violates) {
  if (!facts.deployment || !api::selects(order.selector, *facts.deployment)) return std::nullopt;
  return named(order.target, facts, catalog, violates);
}

}  // namespace bailiwick::policy
