// On generated policies and variants: a deny never makes anything legal, and no order matters.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "plan/fixture.hpp"
#include "policy/law.hpp"

namespace bailiwick::testing {
namespace {

using api::AllowDeny;
using api::PolicyRules;

template <class T>
T anyOf(std::vector<T> values) {
  return *rc::gen::elementOf(std::move(values));
}

struct RuleKind {
  AllowDeny PolicyRules::*rule;
  std::vector<std::string> values;
};

const std::vector<RuleKind>& kinds() {
  static const std::vector<RuleKind> all = {
      {&PolicyRules::origins, {"CN", "US", "EU", "DE", "nowhere"}},
      {&PolicyRules::publishers, {"DeepSeek", "deepseek", "Meta"}},
      {&PolicyRules::parentCountries, {"CN", "US", "EEA"}},
      {&PolicyRules::licences, {"MIT", "Apache-2.0"}},
      {&PolicyRules::families, {"deepseek-v3", "llama"}},
      {&PolicyRules::openness, {"OpenWeight", "OpenSource", "API"}},
      {&PolicyRules::vendors, {"nvidia", "amd"}},
      {&PolicyRules::products, {"NVIDIA-H200", "NVIDIA-H20", "AMD_Instinct_MI300X"}},
      {&PolicyRules::engines, {"vllm", "sglang"}},
      {&PolicyRules::registries, {"r.example", "docker.io", "r.example/m", "hf://x"}},
      {&PolicyRules::placementJurisdictions, {"DE", "EU", "US"}},
      {&PolicyRules::placementProviders, {"aws", "ionos"}},
      {&PolicyRules::importJurisdictions, {"CH", "EU"}},
      {&PolicyRules::importRegions, {"zrh", "lab"}}};
  return all;
}

std::vector<std::string> some(const std::vector<std::string>& values) {
  std::vector<std::string> out;
  for (const auto& value : values) {
    if (*rc::gen::inRange(0, 3) == 0) out.push_back(value);
  }
  return out;
}

api::SovereigntyPolicy anyPolicy(const std::string& name) {
  auto policy = makePolicy(name);
  policy.enforcement(anyOf<api::Enforcement>(
      {api::Enforcement::Deny, api::Enforcement::Warn, api::Enforcement::Exit}));
  const int rules = *rc::gen::inRange(0, 4);
  for (int i = 0; i < rules; ++i) {
    const auto& kind = anyOf(kinds());
    if (*rc::gen::arbitrary<bool>()) policy.allow(kind.rule, some(kind.values));
    if (*rc::gen::arbitrary<bool>()) policy.deny(kind.rule, some(kind.values));
  }
  if (*rc::gen::inRange(0, 4) == 0) policy.rules([](auto& r) { r.requireDigest = true; });
  if (*rc::gen::inRange(0, 4) == 0) policy.selects({{"other"}, {}, {}});
  if (*rc::gen::inRange(0, 9) == 0) policy.with([](auto& p) { p.decodeError = "unreadable"; });
  return policy.obj();
}

// A deployment of two variants and three passports, one an ancestor of another.
struct AnyWorld {
  std::vector<api::ModelPassport> passports;
  api::ModelDeployment deployment;
  api::Region region = fra();

  AnyWorld() {
    for (const std::string name : {"a", "b", "c"}) {
      auto passport = makePassport(name)
                          .origin(anyOf<std::string>({"CN", "US", "DE"}))
                          .publisher(anyOf<std::string>({"DeepSeek", "Meta"}), "CN")
                          .licence(anyOf<std::string>({"MIT", "Apache-2.0"}))
                          .artifact("fp8", api::SourceType::OCI,
                                    anyOf<std::string>({"oci://r.example/m", "oci://x.example/m"}));
      passports.push_back(passport.obj());
    }
    if (*rc::gen::arbitrary<bool>()) {
      passports[0].derivedFrom = {{anyOf<std::string>({"b", "gone"}), "", {}}};
    }
    auto builder = assistant();
    builder.variant(h200("v").passport("a", "fp8"))
        .variant(mi300x("w").passport(anyOf<std::string>({"b", "c"}), "fp8"));
    deployment = builder.obj();
    if (*rc::gen::arbitrary<bool>()) {
      deployment.meta.labels.set("bailiwick.dev/origin-region", "zrh");
    }
  }

  std::vector<policy::Judgement> judge(
      const std::vector<const api::SovereigntyPolicy*>& policies) const {
    policy::Passports byName;
    for (const auto& passport : passports) byName[passport.meta.key.name] = &passport;
    const policy::Law law(policies, testCatalog());
    std::vector<policy::Judgement> out;
    for (const auto& variant : deployment.spec.variants) {
      const auto facts =
          policy::factsOf({deployment, variant, byName, region, testCatalog(), "", nullptr});
      out.push_back(law.judge({facts, testTime, nullptr}));
    }
    return out;
  }
};

std::vector<api::SovereigntyPolicy> anyPolicies() {
  std::vector<api::SovereigntyPolicy> policies;
  const int count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; ++i) policies.push_back(anyPolicy("p" + std::to_string(i)));
  return policies;
}

template <class List>
std::vector<const api::SovereigntyPolicy*> pointers(const List& policies) {
  std::vector<const api::SovereigntyPolicy*> out;
  for (const auto& policy : policies) out.push_back(&policy);
  return out;
}

std::vector<std::string> words(const policy::Judgement& judgement) {
  std::vector<std::string> out;
  for (const auto& objection : judgement.objections) out.push_back(objection.message);
  return out;
}

// How bad: -1 nothing, else the strongest effect.
int badness(const policy::Judgement& judgement) {
  int worst = -1;
  for (const auto& objection : judgement.objections) {
    worst = std::max(worst, static_cast<int>(objection.effect));
  }
  return worst;
}

RC_GTEST_PROP(Law, IsNeverLooserForOneMoreDeny, ()) {
  const AnyWorld world;
  auto policies = anyPolicies();
  const auto before = world.judge(pointers(policies));
  auto& policy = policies[*rc::gen::inRange<std::size_t>(0, policies.size())];
  const auto& kind = anyOf(kinds());
  (policy.rules.*kind.rule).deny.push_back(anyOf(kind.values));
  const auto after = world.judge(pointers(policies));
  for (std::size_t i = 0; i < before.size(); ++i) RC_ASSERT(badness(after[i]) >= badness(before[i]));
}

RC_GTEST_PROP(Law, IsNeverLooserForOneMorePolicy, ()) {
  const AnyWorld world;
  auto policies = anyPolicies();
  const auto before = world.judge(pointers(policies));
  policies.push_back(anyPolicy("more"));
  const auto after = world.judge(pointers(policies));
  for (std::size_t i = 0; i < before.size(); ++i) RC_ASSERT(badness(after[i]) >= badness(before[i]));
}

RC_GTEST_PROP(Law, DoesNotDependOnTheOrderOfPolicies, ()) {
  const AnyWorld world;
  const auto policies = anyPolicies();
  auto shuffled = pointers(policies);
  std::mt19937 random(*rc::gen::arbitrary<unsigned>());
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  const auto before = world.judge(pointers(policies)), after = world.judge(shuffled);
  for (std::size_t i = 0; i < before.size(); ++i) {
    RC_ASSERT(words(before[i]) == words(after[i]));
    RC_ASSERT(badness(before[i]) == badness(after[i]));
  }
}

}  // namespace
}  // namespace bailiwick::testing
