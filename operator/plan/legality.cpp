#include "plan/legality.hpp"

#include <algorithm>
#include <map>

namespace bailiwick::plan {
namespace {

using policy::Effect;
using policy::Judgement;

Judgement judge(const LegalityInput& in, std::string_view product) {
  const auto facts = policy::factsOf({in.deployment, in.variant, in.passports, in.region,
                                      in.catalog, product, &in.regions});
  return in.law.judge({facts, in.now, in.readiness});
}

std::optional<policy::Refusal> refusal(const policy::Objection* objection) {
  return objection ? std::optional(policy::refusalOf(*objection)) : std::nullopt;
}

// What the variant could be put on, by the catalogue's names; empty where nothing tells.
std::vector<std::string> candidatesOf(const LegalityInput& in) {
  const auto& wanted = in.variant.accelerator;
  const auto* vendor = in.catalog.vendor(wanted.vendor);
  if (!vendor) return wanted.products;
  if (wanted.products.empty()) {
    if (!in.catalog.engine(in.variant.engine.name)) return {};
    const auto r = require(in.variant, in.deployment.spec.placement, in.region, in.catalog);
    return r ? productNames(*r) : std::vector<std::string>{};
  }
  std::vector<std::string> names;
  for (const auto& name : wanted.products) {
    const auto* known = vendor->product(name);
    names.push_back(known ? known->name : name);
  }
  return names;
}

struct Candidate {
  std::string product;
  Judgement judgement;
};

void keepEarliest(std::optional<api::Time>& until, const Judgement& judgement) {
  if (judgement.until && (!until || *judgement.until < *until)) until = judgement.until;
}

VariantLaw whole(const Judgement& judgement) {
  VariantLaw law;
  law.objections = judgement.objections;
  law.until = judgement.until;
  law.denied = refusal(judgement.strongest(Effect::Deny));
  if (!law.denied) law.noNew = refusal(judgement.strongest(Effect::NoNew));
  return law;
}

// A policy that objects to every product is told, and one that only warns.
void tellObjections(const std::vector<Candidate>& candidates, bool all, VariantLaw& law) {
  std::map<const api::SovereigntyPolicy*, std::pair<std::size_t, const policy::Objection*>> seen;
  for (const auto& candidate : candidates) {
    for (const auto& objection : candidate.judgement.objections) {
      auto& [count, first] = seen[objection.policy];
      if (++count == 1) first = &objection;
    }
  }
  for (const auto& [policy, entry] : seen) {
    const auto& [count, first] = entry;
    if (all || count == candidates.size() || first->effect == Effect::Warn) {
      law.objections.push_back(*first);
    }
  }
  std::sort(law.objections.begin(), law.objections.end(), [](const auto& a, const auto& b) {
    return a.policy->meta.key.name < b.policy->meta.key.name;
  });
}

void forbid(const LegalityInput& in, const Candidate& candidate, VariantLaw& law) {
  const auto* objection = candidate.judgement.strongest(Effect::Deny);
  const auto* vendor = in.catalog.vendor(in.variant.accelerator.vendor);
  const auto* product = vendor ? vendor->product(candidate.product) : nullptr;
  if (!objection || !product) return;
  law.forbidden.emplace_back(nodesWith(*vendor, *product), policy::refusalOf(*objection));
}

// Products that nothing is against, else those that may at least keep what runs on them.
VariantLaw byProduct(const LegalityInput& in, const std::vector<Candidate>& candidates) {
  VariantLaw law;
  std::vector<std::string> free, kept;
  const policy::Objection* deny = nullptr;
  const policy::Objection* noNew = nullptr;
  for (const auto& candidate : candidates) {
    keepEarliest(law.until, candidate.judgement);
    const auto* objection = candidate.judgement.strongest(Effect::NoNew);
    if (!objection) {
      free.push_back(candidate.product);
    } else if (objection->effect == Effect::NoNew) {
      kept.push_back(candidate.product);
      if (!noNew) noNew = objection;
    } else if (!deny) {
      deny = objection;
    }
    forbid(in, candidate, law);
  }
  tellObjections(candidates, free.empty(), law);
  if (free.empty() && kept.empty()) {
    law.denied = refusal(deny);
  } else if (free.empty()) {
    law.noNew = refusal(noNew);
  }
  auto& left = free.empty() ? kept : free;
  if (!left.empty() && left.size() < candidates.size()) law.products = std::move(left);
  return law;
}

}  // namespace

VariantLaw legalityOf(const LegalityInput& in) {
  if (in.law.empty() || !in.deployment.decodeError.empty()) return {};
  std::vector<Candidate> candidates;
  if (!in.variant.external && in.law.looksAtProducts(in.deployment)) {
    for (auto& product : candidatesOf(in)) {
      auto judgement = judge(in, product);
      candidates.push_back({std::move(product), std::move(judgement)});
    }
  }
  return candidates.empty() ? whole(judge(in, "")) : byProduct(in, candidates);
}

std::optional<std::string> violationOf(const VariantLaw& law, std::string_view policy) {
  for (const auto& objection : law.objections) {
    if (!objection.newOnly && objection.policy->meta.key.name == policy) return objection.message;
  }
  return std::nullopt;
}

const policy::Refusal* forbids(const VariantLaw& law, const api::Labels& labels) {
  if (law.denied) return &*law.denied;
  const auto hit = std::find_if(law.forbidden.begin(), law.forbidden.end(),
                                [&](const auto& entry) { return matches(entry.first, labels); });
  return hit == law.forbidden.end() ? nullptr : &hit->second;
}

}  // namespace bailiwick::plan
