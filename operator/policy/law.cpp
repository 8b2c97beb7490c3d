#include "policy/law.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "policy/rules.hpp"
#include "policy/strangers.hpp"

namespace bailiwick::policy {
namespace {

using api::AllowDeny;
using api::SovereigntyPolicy;
using catalog::Catalog;
using Names = std::vector<std::string>;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// `resolve` replaces the written names by those that facts bear.
template <class Resolve>
Law::List listOf(const AllowDeny& written, Resolve&& resolve) {
  Law::List list;
  list.written = &written;
  if (written.allow) list.allow = resolve(*written.allow);
  for (const auto& name : resolve(written.deny)) list.deny.insert(lower(name));
  return list;
}

using Set = std::set<std::string, std::less<>>;

Set asWritten(const Names& names) { return {names.begin(), names.end()}; }

Law::List names(const AllowDeny& written) { return listOf(written, asWritten); }

Law::List places(const AllowDeny& written, const Catalog& catalog) {
  return listOf(written, [&](const Names& list) {
    const auto countries = catalog.expand(list);
    return Set(countries.begin(), countries.end());
  });
}

Law::List products(const AllowDeny& written, const Catalog& catalog) {
  return listOf(written, [&](const Names& list) {
    Set out = asWritten(list);
    for (const auto& name : list) {
      for (const auto& [id, vendor] : catalog.vendors) {
        if (const auto* product = vendor.product(name)) out.insert(product->name);
      }
    }
    return out;
  });
}

Law::Rules compile(const SovereigntyPolicy& policy, const Catalog& catalog) {
  Law::Rules out;
  out.policy = &policy;
  out.problem = Law::problemOf(policy, catalog);
  const auto& r = policy.rules;
  out.origins = places(r.origins, catalog);
  out.publishers = names(r.publishers);
  out.parentCountries = places(r.parentCountries, catalog);
  out.licences = names(r.licences);
  out.families = names(r.families);
  out.openness = names(r.openness);
  out.vendors = names(r.vendors);
  out.products = products(r.products, catalog);
  out.engines = names(r.engines);
  out.jurisdictions = places(r.placementJurisdictions, catalog);
  out.providers = names(r.placementProviders);
  out.importJurisdictions = places(r.importJurisdictions, catalog);
  out.importRegions = names(r.importRegions);
  out.externalProviders = names(r.externalProviders);
  return out;
}

template <class Visit>
void eachName(const AllowDeny& rule, std::string_view path, Visit&& visit) {
  if (rule.allow) {
    for (const auto& name : *rule.allow) visit(fmt::format("spec.rules.{}.allow", path), name);
  }
  for (const auto& name : rule.deny) visit(fmt::format("spec.rules.{}.deny", path), name);
}

Effect effectOf(const SovereigntyPolicy& policy, bool newOnly) {
  if (policy.enforcement == api::Enforcement::Warn) return Effect::Warn;
  return newOnly || policy.enforcement == api::Enforcement::Exit ? Effect::NoNew : Effect::Deny;
}

std::optional<Objection> objectionOf(const Law::Rules& rules, const LawInput& input,
                                     std::optional<api::Time>& until) {
  const auto& policy = *rules.policy;
  if (!rules.problem.empty()) {
    return Objection{&policy, Effect::Deny,
                     fmt::format("policy {} cannot be understood and refuses all that it selects: "
                                 "{}",
                                 policy.meta.key.name, rules.problem)};
  }
  static constexpr Rule chain[] = {lineageRules,   opennessRule, meansRules,
                                   registriesRule, placementRules, importRules,
                                   evidenceRules,  artifactRules,  certificatesRule};
  const Check check{rules, input, until};
  for (const auto rule : chain) {
    if (auto message = rule(check)) {
      return Objection{&policy, effectOf(policy, false), std::move(*message)};
    }
  }
  if (auto message = exitReadyRule(check)) {
    return Objection{&policy, effectOf(policy, true), std::move(*message), true};
  }
  return std::nullopt;
}

}  // namespace

Refusal refusalOf(const Objection& objection) { return {"PolicyDenied", objection.message}; }

const Objection* Judgement::strongest(Effect least) const {
  const Objection* best = nullptr;
  for (const auto& objection : objections) {
    if (objection.effect < least) continue;
    if (!best || objection.effect > best->effect) best = &objection;
  }
  return best;
}

bool Law::List::denies(std::string_view value) const {
  return !deny.empty() && deny.contains(lower(value));
}

Law::Law(std::vector<const SovereigntyPolicy*> policies, const Catalog& catalog) {
  std::sort(policies.begin(), policies.end(), [](const auto* a, const auto* b) {
    return a->meta.key.name < b->meta.key.name;
  });
  for (const auto* policy : policies) rules_.push_back(compile(*policy, catalog));
}

Judgement Law::judge(const LawInput& input) const {
  Judgement judgement;
  for (const auto& rules : rules_) {
    if (!api::selects(rules.policy->selector, *input.facts.deployment)) continue;
    if (auto objection = objectionOf(rules, input, judgement.until)) {
      judgement.objections.push_back(std::move(*objection));
    }
  }
  return judgement;
}

bool Law::looksAtProducts(const api::ModelDeployment& deployment) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const Rules& rules) {
    const auto& registries = rules.policy->rules.registries;
    const bool looks = rules.products.says() || registries.allow || !registries.deny.empty();
    return looks && api::selects(rules.policy->selector, deployment);
  });
}

std::string Law::problemOf(const SovereigntyPolicy& policy, const Catalog& catalog) {
  if (!policy.decodeError.empty()) return policy.decodeError;
  std::string problem;
  const auto check = [&](const std::string& path, const std::string& place) {
    if (!problem.empty() || catalog.knowsPlace(place)) return;
    problem = fmt::format(
        "{}: {} is neither an ISO 3166-1 country nor a bloc of the catalogue; write a country "
        "such as DE or a bloc such as EU",
        path, place);
  };
  const auto& r = policy.rules;
  eachName(r.origins, "origins", check);
  eachName(r.parentCountries, "parentCountries", check);
  eachName(r.placementJurisdictions, "placement.jurisdictions", check);
  eachName(r.importJurisdictions, "importFrom.jurisdictions", check);
  return problem;
}

std::vector<std::string> Law::strangersIn(const SovereigntyPolicy& policy,
                                          const Catalog& catalog) {
  std::vector<std::string> out;
  const auto unless = [&](auto&& known) {
    return [&out, known](const std::string& path, const std::string& name) {
      if (!known(name)) out.push_back(fmt::format("{} names {}", path, name));
    };
  };
  const auto& r = policy.rules;
  eachName(r.vendors, "vendors", unless([&](const auto& n) { return catalog.vendor(n); }));
  eachName(r.engines, "engines", unless([&](const auto& n) { return catalog.engine(n); }));
  eachName(r.placementProviders, "placement.providers",
           unless([&](const auto& n) { return catalog.provider(n); }));
  eachName(r.products, "products", unless([&](const auto& n) { return knowsProduct(catalog, n); }));
  return out;
}

}  // namespace bailiwick::policy
