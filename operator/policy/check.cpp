#include "policy/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "policy/tenant.hpp"

namespace bailiwick::policy {
namespace {

using MaybeRefusal = std::optional<Refusal>;

Refusal invalid(std::string message) { return {"InvalidSpec", std::move(message)}; }

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

MaybeRefusal readable(const api::ModelDeployment& deployment, const api::Region& region) {
  if (!deployment.decodeError.empty()) return invalid(deployment.decodeError);
  if (!region.decodeError.empty()) {
    return invalid(fmt::format("region {}: {}", region.meta.key.name, region.decodeError));
  }
  return std::nullopt;
}

MaybeRefusal knownPlaces(const api::ModelDeployment& deployment, const catalog::Catalog& catalog) {
  for (const auto& place : deployment.spec.placement.jurisdictions) {
    if (!catalog.knowsPlace(place)) {
      return invalid(fmt::format(
          "spec.placement.jurisdictions: {} is neither an ISO 3166-1 country nor a bloc of the "
          "catalogue; write a country such as DE or a bloc such as EU",
          place));
    }
  }
  return std::nullopt;
}

// Names become those of objects: what the CRD asks of them is asked again here, because an older or
// loosened CRD may have let another one in.
bool isVariantName(const std::string& name) {
  constexpr std::size_t maxLength = 22;
  const auto isLetter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto isAllowed = [&](char c) { return isLetter(c) || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= maxLength && isLetter(name.front()) &&
         name.back() != '-' && std::all_of(name.begin(), name.end(), isAllowed) &&
         name != "gateway" && name != "routes";
}

MaybeRefusal variantNames(const api::ModelDeployment& deployment) {
  std::set<std::string_view> seen;
  for (const auto& variant : deployment.spec.variants) {
    if (!isVariantName(variant.name)) {
      return invalid(fmt::format(
          "spec.variants: \"{}\" is no name of a variant: up to 22 lower-case letters, digits and "
          "dashes, beginning with a letter, and neither gateway nor routes",
          variant.name));
    }
    if (!seen.insert(variant.name).second) {
      return invalid(fmt::format("spec.variants: two are named {}; name each differently",
                                 variant.name));
    }
  }
  return std::nullopt;
}

MaybeRefusal podMetadata(const api::ModelDeployment& deployment, const Settings& settings) {
  const auto check = [&](const api::Labels& entries, std::string_view field) -> MaybeRefusal {
    for (const auto& [key, value] : entries) {
      if (const auto why = forbiddenMetadataKey(key, settings.podMetadataPrefixes)) {
        return invalid(fmt::format("spec.pod.{}: {}", field, *why));
      }
    }
    return std::nullopt;
  };
  if (auto refusal = check(deployment.spec.pod.labels, "labels")) return refusal;
  return check(deployment.spec.pod.annotations, "annotations");
}

MaybeRefusal regionInDomain(const api::ModelDeployment& deployment, const api::Region& region,
                            const catalog::Catalog& catalog) {
  const auto& placement = deployment.spec.placement;
  if (!catalog.expand(placement.jurisdictions).contains(region.jurisdiction)) {
    return Refusal{"NoLegalPlace",
                   fmt::format("region {} is in {}; spec.placement.jurisdictions allows {}",
                               region.meta.key.name, region.jurisdiction,
                               fmt::join(placement.jurisdictions, ", "))};
  }
  if (!placement.regionNames.empty() && !contains(placement.regionNames, region.meta.key.name)) {
    return Refusal{"NoLegalPlace",
                   fmt::format("region {} is not among spec.placement.regions.names ({})",
                               region.meta.key.name, fmt::join(placement.regionNames, ", "))};
  }
  for (const auto& [key, value] : placement.regionMatchLabels) {
    if (region.meta.labels.has(key, value)) continue;
    return Refusal{"NoLegalPlace",
                   fmt::format("region {} lacks label {}={} of "
                               "spec.placement.regions.selector.matchLabels",
                               region.meta.key.name, key, value)};
  }
  for (const auto& residency : placement.dataResidency) {
    if (!contains(region.residencyClasses, residency)) {
      return Refusal{"NoLegalPlace",
                     fmt::format("region {} does not allow residency class {}; its "
                                 "spec.residencyClasses are [{}]",
                                 region.meta.key.name, residency,
                                 fmt::join(region.residencyClasses, ", "))};
    }
  }
  return std::nullopt;
}

MaybeRefusal regionAgreesWithCatalog(const api::Region& region, const catalog::Catalog& catalog) {
  const auto objection = catalog.objection(region.provider, region.location, region.jurisdiction);
  if (objection.empty()) return std::nullopt;
  return Refusal{"LocationContradictory", fmt::format("region {} {}; correct the Region's spec",
                                                      region.meta.key.name, objection)};
}

MaybeRefusal notExternal(const Context& c) {
  if (!c.variant.external) return std::nullopt;
  return Refusal{"EngineUnsupported",
                 fmt::format("variant {} is external ({}): requests are not sent to external "
                             "providers yet, so it gets no share",
                             c.variant.name, c.variant.external->provider)};
}

MaybeRefusal passportPresent(const Context& c) {
  if (!c.passport) {
    return Refusal{"PassportMissing",
                   fmt::format("passport {} of variant {} does not exist; apply that ModelPassport",
                               c.variant.passport, c.variant.name)};
  }
  if (!c.passport->decodeError.empty()) {
    return Refusal{"PassportMissing", fmt::format("passport {} cannot be read: {}",
                                                  c.variant.passport, c.passport->decodeError)};
  }
  if (c.passport->meta.deleted) {
    return Refusal{"PassportMissing",
                   fmt::format("passport {} of variant {} is being deleted: what runs stays, "
                               "nothing new is placed",
                               c.variant.passport, c.variant.name)};
  }
  return std::nullopt;
}

MaybeRefusal artifactPresent(const Context& c) {
  if (c.passport->openness == "API") {
    return Refusal{"ArtifactMissing",
                   fmt::format("passport {} is of an API-only model ({}): there are no weights to "
                               "run; use an open-weight model or an external variant",
                               c.variant.passport, c.passport->model)};
  }
  if (c.passport->artifact(c.variant.artifact)) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& artifact : c.passport->artifacts) names.push_back(artifact.name);
  return Refusal{"ArtifactMissing",
                 fmt::format("passport {} has no artifact {} (it has {})", c.variant.passport,
                             c.variant.artifact, fmt::join(names, ", "))};
}

template <class Entries>
std::string namesOf(const Entries& entries) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

MaybeRefusal vendorIsTarget(const Context& c) {
  const auto* vendor = c.catalog.vendor(c.variant.accelerator.vendor);
  if (!vendor) {
    return invalid(fmt::format(
        "variant {}: accelerator.vendor {} is not in the catalogue; it has {}", c.variant.name,
        c.variant.accelerator.vendor, namesOf(c.catalog.vendors)));
  }
  if (vendor->target) return std::nullopt;
  return Refusal{"EngineUnsupported",
                 fmt::format("variant {}: {} is no target for a language model: {}",
                             c.variant.name, vendor->name, vendor->note)};
}

MaybeRefusal engineKnown(const Context& c) {
  const auto* engine = c.catalog.engine(c.variant.engine.name);
  if (!engine) {
    return invalid(fmt::format("variant {}: engine {} is not in the catalogue; it has {}",
                               c.variant.name, c.variant.engine.name,
                               namesOf(c.catalog.engines)));
  }
  if (c.variant.accelerator.nodes == 1) return std::nullopt;
  if (!engine->multiNode) {
    return Refusal{"EngineUnsupported",
                   fmt::format("variant {}: engine {} does not span {} nodes; set "
                               "accelerator.nodes to 1",
                               c.variant.name, engine->name, c.variant.accelerator.nodes)};
  }
  if (c.leaderWorkerSets) return std::nullopt;
  return Refusal{"EngineUnsupported",
                 fmt::format("variant {} spans {} nodes, which needs the LeaderWorkerSet API "
                             "(leaderworkerset.x-k8s.io/v1); install it in region {}",
                             c.variant.name, c.variant.accelerator.nodes,
                             c.region.meta.key.name)};
}

MaybeRefusal reservedSettings(const Context& c) {
  const auto* engine = c.catalog.engine(c.variant.engine.name);
  if (auto argument = reservedArgument(*engine, c.variant.engine.args)) {
    return invalid(fmt::format("variant {}: engine.args: {}", c.variant.name, *argument));
  }
  for (const auto* list : {&c.variant.engine.env, &c.deployment.spec.pod.env}) {
    for (const auto& variable : *list) {
      if (const auto why = reservedEnvironment(*engine, variable.name)) {
        return invalid(fmt::format("variant {}: {}", c.variant.name, *why));
      }
    }
  }
  return std::nullopt;
}

}  // namespace

MaybeRefusal checkDeployment(const api::ModelDeployment& deployment, const api::Region& region,
                             const catalog::Catalog& catalog, const Settings& settings) {
  if (auto refusal = readable(deployment, region)) return refusal;
  if (auto refusal = variantNames(deployment)) return refusal;
  if (auto refusal = knownPlaces(deployment, catalog)) return refusal;
  if (auto refusal = podMetadata(deployment, settings)) return refusal;
  if (auto refusal = regionAgreesWithCatalog(region, catalog)) return refusal;
  return regionInDomain(deployment, region, catalog);
}

MaybeRefusal checkVariant(const Context& context) {
  using Check = MaybeRefusal (*)(const Context&);
  // The order is the precedence: a later check may rely on what an earlier one found present.
  static constexpr Check chain[] = {passportPresent, notExternal, artifactPresent, vendorIsTarget,
                                    engineKnown, reservedSettings};
  for (const auto check : chain) {
    if (auto refusal = check(context)) return refusal;
  }
  return std::nullopt;
}

}  // namespace bailiwick::policy
