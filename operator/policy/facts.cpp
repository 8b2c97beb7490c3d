#include "policy/facts.hpp"

#include <fmt/format.h>

#include <deque>
#include <set>

#include "api/labels.hpp"

namespace bailiwick::policy {
namespace {

void tellPublisher(const api::Organisation& publisher, Kin& kin) {
  kin.publisher = publisher.name;
  kin.publisherCountry = publisher.country;
  if (!publisher.parent) return;
  kin.parent = publisher.parent->name;
  kin.parentCountry = publisher.parent->country;
}

Kin kinOf(std::string_view name, const api::ModelPassport* passport) {
  Kin kin;
  kin.passport = name;
  if (!passport) {
    kin.problem = "does not exist; apply that ModelPassport";
    return kin;
  }
  if (!passport->decodeError.empty()) {
    kin.problem = "cannot be read: " + passport->decodeError;
    return kin;
  }
  tellPublisher(passport->publisher, kin);
  kin.family = passport->family;
  kin.origin = passport->originCountry;
  kin.licence = passport->licence;
  kin.openness = passport->openness;
  return kin;
}

Kin kinOf(const api::Ancestor& told, std::string_view descendant) {
  Kin kin;
  tellPublisher(told.publisher, kin);
  kin.family = told.family;
  kin.origin = told.publisher.country;
  kin.object = fmt::format("ancestor {} ({}) of passport {}", told.family, told.publisher.name,
                           descendant);
  return kin;
}

const api::ModelPassport* find(std::string_view name, const Passports& passports) {
  const auto entry = passports.find(name);
  return entry == passports.end() ? nullptr : entry->second;
}

void tellModel(const FactsInput& in, Facts& facts) {
  facts.lineage = lineageOf(in.variant.passport, in.passports);
  const auto* passport = find(in.variant.passport, in.passports);
  if (!passport || !passport->decodeError.empty()) return;
  facts.passport = passport;
  facts.artifact = passport->artifact(in.variant.artifact);
  if (facts.artifact) {
    facts.weights = sourceOrigin(facts.artifact->sourceType, facts.artifact->uri);
  }
}

void tellMeans(const FactsInput& in, Facts& facts) {
  facts.vendor = in.variant.accelerator.vendor;
  facts.engine = in.variant.engine.name;
  const auto* vendor = in.catalog.vendor(facts.vendor);
  const auto canonical = [&](const std::string& name) {
    const auto* known = vendor ? vendor->product(name) : nullptr;
    return known ? known->name : name;
  };
  if (!in.product.empty()) {
    facts.products = {canonical(std::string(in.product))};
  } else {
    for (const auto& name : in.variant.accelerator.products) {
      facts.products.push_back(canonical(name));
    }
  }
  if (!in.variant.engine.image.empty()) {
    facts.image = imageOrigin(in.variant.engine.image);
    return;
  }
  const auto* engine = in.catalog.engine(facts.engine);
  const std::string product = facts.products.empty() ? "" : facts.products.front();
  const auto* image = engine ? engine->imageFor(facts.vendor, product) : nullptr;
  if (image && !image->image.empty()) facts.image = imageOrigin(image->image);
}

void tellPlaces(const FactsInput& in, Facts& facts) {
  facts.places.push_back({"region " + in.region.meta.key.name, in.region.provider,
                          in.region.location, in.region.jurisdiction,
                          in.region.residencyClasses});
  if (!in.variant.external) return;
  facts.externalProvider = in.variant.external->provider;
  facts.endpoint = in.variant.external->baseURL;
  ServingPlace endpoint{"endpoint " + facts.endpoint, facts.externalProvider, "",
                        in.variant.external->jurisdiction, {}};
  if (facts.passport) {
    for (const auto& known : facts.passport->endpoints) {
      if (known.baseURL == facts.endpoint) endpoint.residencyClasses = known.residencyClasses;
    }
  }
  facts.places.push_back(std::move(endpoint));
}

void tellImport(const FactsInput& in, Facts& facts) {
  const auto* from = in.deployment.meta.labels.find(api::names::originRegionLabel);
  if (!from) return;
  facts.importedFrom = *from;
  if (!in.regions) return;
  const auto known = in.regions->find(*from);
  if (known != in.regions->end()) facts.importJurisdiction = known->second->jurisdiction;
}

}  // namespace

std::vector<Kin> lineageOf(std::string_view passport, const Passports& passports) {
  std::vector<Kin> lineage;
  std::set<std::string, std::less<>> seen{std::string(passport)};
  std::deque<std::string> pending{std::string(passport)};
  while (!pending.empty()) {
    const auto name = std::move(pending.front());
    pending.pop_front();
    const auto* known = find(name, passports);
    auto& kin = lineage.emplace_back(kinOf(name, known));
    kin.object = name == passport ? fmt::format("passport {}", name)
                                  : fmt::format("ancestor {} of passport {}", name, passport);
    if (!kin.problem.empty()) continue;
    for (const auto& ancestor : known->derivedFrom) {
      if (ancestor.passport.empty()) {
        lineage.push_back(kinOf(ancestor, name));
      } else if (seen.insert(ancestor.passport).second) {
        pending.push_back(ancestor.passport);
      }
    }
  }
  return lineage;
}

Facts factsOf(const FactsInput& in) {
  Facts facts;
  facts.deployment = &in.deployment;
  facts.variant = &in.variant;
  facts.region = &in.region;
  tellModel(in, facts);
  if (!in.variant.external) tellMeans(in, facts);
  tellPlaces(in, facts);
  tellImport(in, facts);
  return facts;
}

}  // namespace bailiwick::policy
