#include "policy/rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace bailiwick::policy {
namespace {

using Message = std::optional<std::string>;

const std::string& nameOf(const Check& c) { return c.rules.policy->meta.key.name; }

std::string allowedIn(const api::AllowDeny& written) {
  if (written.allow->empty()) return "it allows none";
  return fmt::format("it allows {}", fmt::join(*written.allow, ", "));
}

// "policy p denies origin CN of passport x", with what would be allowed where that is why.
std::string denial(const Check& c, std::string_view what, std::string_view value,
                   std::string_view object) {
  return fmt::format("policy {} denies {} {} of {}", nameOf(c), what, value, object);
}

Message judge(const Check& c, const Law::List& list, std::string_view what,
              std::string_view value, std::string_view object) {
  if (list.denies(value)) return denial(c, what, value, object);
  if (list.allows(value)) return std::nullopt;
  return fmt::format("{} ({})", denial(c, what, value, object), allowedIn(*list.written));
}

// A rule on every model of the lineage. What is not told cannot be on a deny list, and is on no
// allow list either, unless `mayLack`: then there is nothing to judge.
Message judgeLineage(const Check& c, const Law::List& list, std::string_view what,
                     std::string Kin::*value, bool mayLack) {
  if (!list.says()) return std::nullopt;
  const auto& lineage = c.input.facts.lineage;
  for (const auto& kin : lineage) {
    if (!kin.problem.empty()) {
      // Of the variant's own passport another check says it (PassportMissing).
      if (&kin == &lineage.front()) continue;
      return fmt::format("policy {} denies {}, whose {} is not known: it {}", nameOf(c),
                         kin.object, what, kin.problem);
    }
    if (!(kin.*value).empty()) {
      if (auto message = judge(c, list, what, kin.*value, kin.object)) return message;
    } else if (!mayLack && list.allow) {
      return fmt::format("policy {} denies {}, whose {} is not told ({}): give it a ModelPassport",
                         nameOf(c), kin.object, what, allowedIn(*list.written));
    }
  }
  return std::nullopt;
}

std::string onVariant(const Check& c) {
  return fmt::format("variant {}", c.input.facts.variant->name);
}

Message judgeOrigin(const Check& c, std::string_view what, const Origin& origin,
                    const std::string& object) {
  const auto& rule = c.rules.policy->rules.registries;
  const auto hit = std::find_if(rule.deny.begin(), rule.deny.end(),
                                [&](const std::string& prefix) { return denies(prefix, origin); });
  if (hit != rule.deny.end()) {
    return fmt::format("{} (it denies {})", denial(c, what, origin.written, object), *hit);
  }
  if (!rule.allow) return std::nullopt;
  const bool allowed =
      std::any_of(rule.allow->begin(), rule.allow->end(),
                  [&](const std::string& prefix) { return allows(prefix, origin); });
  if (allowed) return std::nullopt;
  return fmt::format("{} ({})", denial(c, what, origin.written, object), allowedIn(rule));
}

void mayChangeAt(const Check& c, std::optional<api::Time> when) {
  if (!when || *when <= c.input.now) return;
  if (!c.until || *when < *c.until) c.until = when;
}

// When it last did not pass: nothing that is older counts any more. Of a failure without a date it is
// not known what it takes back: everything until now.
std::optional<api::Time> lastFailure(const Check& c, const std::string& type) {
  std::optional<api::Time> last;
  for (const auto& evidence : c.input.facts.passport->evidence) {
    if (evidence.type != type || evidence.result == "Pass") continue;
    const auto at = evidence.issuedAt.value_or(c.input.now);
    mayChangeAt(c, at);
    if (at <= c.input.now && (!last || at > *last)) last = at;
  }
  return last;
}

// Until when it counts; nothing: it does not count now.
std::optional<api::Time> countsUntil(const Check& c, const api::Evidence& evidence,
                                     const api::EvidenceRule& rule,
                                     std::optional<api::Time> failed) {
  if (evidence.type != rule.type || evidence.result != "Pass" || !evidence.issuedAt) {
    return std::nullopt;
  }
  if (*evidence.issuedAt > c.input.now) {
    mayChangeAt(c, evidence.issuedAt);
    return std::nullopt;
  }
  if (failed && *evidence.issuedAt <= *failed) return std::nullopt;
  auto end = evidence.expiresAt.value_or(api::Time::max());
  if (rule.maxAge) end = std::min(end, *evidence.issuedAt + api::Time::duration(*rule.maxAge));
  return end > c.input.now ? std::optional(end) : std::nullopt;
}

std::string why(const Check& c, const api::EvidenceRule& rule, std::optional<api::Time> failed) {
  const auto& all = c.input.facts.passport->evidence;
  const auto ofType = [&](const api::Evidence& e) { return e.type == rule.type; };
  if (std::none_of(all.begin(), all.end(), ofType)) return "has none";
  const auto passed = [&](const api::Evidence& e) { return ofType(e) && e.result == "Pass"; };
  if (std::none_of(all.begin(), all.end(), passed)) return "has none that passed";
  if (failed) {
    return fmt::format("has none that passed after the one of {} that did not",
                       api::formatTime(std::chrono::floor<std::chrono::seconds>(*failed)));
  }
  if (!rule.maxAge) return "has none that has not expired";
  return fmt::format("has none that has not expired and is at most {} old",
                     api::formatDuration(*rule.maxAge));
}

}  // namespace

Message lineageRules(const Check& c) {
  const auto& r = c.rules;
  if (auto m = judgeLineage(c, r.origins, "origin", &Kin::origin, false)) return m;
  if (auto m = judgeLineage(c, r.publishers, "publisher", &Kin::publisher, false)) return m;
  if (auto m = judgeLineage(c, r.parentCountries, "parent country", &Kin::parentCountry, true)) {
    return m;
  }
  if (auto m = judgeLineage(c, r.licences, "licence", &Kin::licence, false)) return m;
  return judgeLineage(c, r.families, "family", &Kin::family, false);
}

Message opennessRule(const Check& c) {
  const auto& self = c.input.facts.lineage.front();
  if (self.openness.empty()) return std::nullopt;
  return judge(c, c.rules.openness, "openness", self.openness, self.object);
}

Message meansRules(const Check& c) {
  const auto& facts = c.input.facts;
  const auto& r = c.rules;
  if (facts.variant->external) {
    return judge(c, r.externalProviders, "external provider", facts.externalProvider,
                 onVariant(c));
  }
  if (auto m = judge(c, r.vendors, "vendor", facts.vendor, onVariant(c))) return m;
  if (auto m = judge(c, r.engines, "engine", facts.engine, onVariant(c))) return m;
  for (const auto& product : facts.products) {
    if (auto m = judge(c, r.products, "product", product, onVariant(c))) return m;
  }
  if (!facts.products.empty() || !r.products.allow) return std::nullopt;
  return fmt::format("{} ({})", denial(c, "vendor", facts.vendor, onVariant(c)),
                     "its products are not told apart, and " + allowedIn(*r.products.written));
}

Message registriesRule(const Check& c) {
  const auto& facts = c.input.facts;
  if (facts.image) {
    if (auto m = judgeOrigin(c, "image", *facts.image, onVariant(c))) return m;
  }
  if (!facts.weights) return std::nullopt;
  return judgeOrigin(c, "weight source", *facts.weights,
                     fmt::format("artifact {} of {}", facts.artifact->name,
                                 facts.lineage.front().object));
}

Message placementRules(const Check& c) {
  for (const auto& place : c.input.facts.places) {
    if (auto m = judge(c, c.rules.jurisdictions, "jurisdiction", place.jurisdiction,
                       place.object)) {
      return m;
    }
    if (auto m = judge(c, c.rules.providers, "provider", place.provider, place.object)) return m;
  }
  return std::nullopt;
}

Message importRules(const Check& c) {
  const auto& facts = c.input.facts;
  if (facts.importedFrom.empty()) return std::nullopt;
  const auto object = fmt::format("the import of {}", facts.deployment->meta.key.str());
  if (auto m = judge(c, c.rules.importRegions, "region", facts.importedFrom, object)) return m;
  const auto& rule = c.rules.importJurisdictions;
  if (!rule.says()) return std::nullopt;
  if (facts.importJurisdiction.empty()) {
    return fmt::format("policy {} denies {} from region {}, whose jurisdiction is not known: "
                       "apply its Region object",
                       nameOf(c), object, facts.importedFrom);
  }
  return judge(c, rule, "jurisdiction", facts.importJurisdiction, object);
}

Message evidenceRules(const Check& c) {
  if (!c.input.facts.passport) return std::nullopt;
  for (const auto& rule : c.rules.policy->rules.evidence) {
    const auto failed = lastFailure(c, rule.type);
    std::optional<api::Time> best;
    for (const auto& evidence : c.input.facts.passport->evidence) {
      const auto end = countsUntil(c, evidence, rule, failed);
      if (end && (!best || *end > *best)) best = end;
    }
    if (!best) {
      return fmt::format("policy {} requires evidence {}: passport {} {}", nameOf(c), rule.type,
                         c.input.facts.passport->meta.key.name, why(c, rule, failed));
    }
    if (*best != api::Time::max()) mayChangeAt(c, best);
  }
  return std::nullopt;
}

Message artifactRules(const Check& c) {
  const auto* artifact = c.input.facts.artifact;
  if (!artifact) return std::nullopt;
  const auto lacks = [&](std::string_view what) {
    return fmt::format("policy {} requires a {}: artifact {} of passport {} has none", nameOf(c),
                       what, artifact->name, c.input.facts.passport->meta.key.name);
  };
  const auto& r = c.rules.policy->rules;
  if (r.requireDigest && artifact->digest.empty()) return lacks("digest");
  if (!r.requireSignature) return std::nullopt;
  if (!artifact->signature) return lacks("signature");
  if (artifact->digest.empty()) return lacks("signature over a digest");
  return std::nullopt;
}

Message certificatesRule(const Check& c) {
  const auto& region = *c.input.facts.region;
  for (const auto& name : c.rules.policy->rules.requireCertificates) {
    const auto held =
        std::find_if(region.certificates.begin(), region.certificates.end(),
                     [&](const api::Certificate& have) { return have.name == name; });
    if (held == region.certificates.end()) {
      return fmt::format("policy {} requires certificate {}: region {} does not hold it", nameOf(c),
                         name, region.meta.key.name);
    }
    if (held->expiresAt <= c.input.now) {
      return fmt::format("policy {} requires certificate {}: that of region {} expired at {}",
                         nameOf(c), name, region.meta.key.name, api::formatTime(held->expiresAt));
    }
    mayChangeAt(c, held->expiresAt);
  }
  return std::nullopt;
}

Message exitReadyRule(const Check& c) {
  const auto& r = c.rules.policy->rules;
  const auto& deployment = *c.input.facts.deployment;
  const auto* readiness = c.input.readiness;
  if (r.requireExitReady && (!readiness || !readiness->ready)) {
    return fmt::format("policy {} requires a ready exit of {}: {}", nameOf(c),
                       deployment.meta.key.str(),
                       readiness ? readiness->message : "whether it is ready is not known yet");
  }
  if (!r.drillMaxAge) return std::nullopt;
  const auto age = api::Time::duration(*r.drillMaxAge);
  const auto rehearsed = readiness ? readiness->oldestDrill : std::nullopt;
  const auto since = std::max(deployment.meta.created, rehearsed.value_or(api::Time{}));
  if (since + age > c.input.now) {
    mayChangeAt(c, since + age);
    return std::nullopt;
  }
  return fmt::format("policy {} requires a drill of the exit of {} every {}: {}", nameOf(c),
                     deployment.meta.key.str(), api::formatDuration(*r.drillMaxAge),
                     rehearsed ? "the last was at " + api::formatTime(*rehearsed)
                               : "there was none");
}

}  // namespace bailiwick::policy
