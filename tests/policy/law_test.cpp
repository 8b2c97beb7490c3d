#include "policy/law.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using api::PolicyRules;
using policy::Effect;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// One deployment with one variant under some policies.
struct Case {
  api::ModelPassport passport =
      makePassport("deepseek-v3-2")
          .artifact("fp8", api::SourceType::OCI, "oci://registry.eu.example/models/m:1")
          .obj();
  std::vector<api::ModelPassport> others;
  api::ModelDeployment deployment =
      assistant()
          .variant(h200().passport("deepseek-v3-2", "fp8").image("registry.eu.example/vllm:1"))
          .obj();
  api::Region region = fra();
  std::vector<api::Region> regions;
  std::optional<policy::ExitReadiness> readiness;
  api::Time now = testTime;

  policy::Judgement judge(const std::vector<PolicyBuilder>& builders) const {
    std::vector<api::SovereigntyPolicy> policies;
    for (const auto& builder : builders) policies.push_back(builder.obj());
    std::vector<const api::SovereigntyPolicy*> pointers;
    for (const auto& policy : policies) pointers.push_back(&policy);
    policy::Passports passports{{"deepseek-v3-2", &passport}};
    for (const auto& other : others) passports[other.meta.key.name] = &other;
    policy::Regions known;
    for (const auto& one : regions) known[one.meta.key.name] = &one;
    const auto facts = policy::factsOf({deployment, deployment.spec.variants[0], passports, region,
                                        testCatalog(), "", &known});
    auto judgement = policy::Law(pointers, testCatalog())
                         .judge({facts, now, readiness ? &*readiness : nullptr});
    for (auto& objection : judgement.objections) objection.policy = nullptr;  // they go now
    return judgement;
  }
  // What the only policy says, or "".
  std::string said(const PolicyBuilder& policy) const {
    const auto judgement = judge({policy});
    return judgement.objections.empty() ? "" : judgement.objections[0].message;
  }
};

struct Row {
  api::AllowDeny PolicyRules::*rule;
  const char* value;  // what the variant has
  const char* other;
  const char* denial;  // after "policy p denies "
};

const Row rows[] = {
    {&PolicyRules::origins, "CN", "US", "origin CN of passport deepseek-v3-2"},
    {&PolicyRules::publishers, "DeepSeek", "Meta", "publisher DeepSeek of passport deepseek-v3-2"},
    {&PolicyRules::parentCountries, "CN", "US", "parent country CN of passport deepseek-v3-2"},
    {&PolicyRules::licences, "MIT", "Apache-2.0", "licence MIT of passport deepseek-v3-2"},
    {&PolicyRules::families, "deepseek-v3", "llama", "family deepseek-v3 of passport deepseek-v3-2"},
    {&PolicyRules::openness, "OpenWeight", "OpenSource",
     "openness OpenWeight of passport deepseek-v3-2"},
    {&PolicyRules::vendors, "nvidia", "amd", "vendor nvidia of variant h200"},
    {&PolicyRules::products, "NVIDIA-H200", "NVIDIA-H20", "product NVIDIA-H200 of variant h200"},
    {&PolicyRules::engines, "vllm", "sglang", "engine vllm of variant h200"},
    {&PolicyRules::placementJurisdictions, "DE", "FR", "jurisdiction DE of region fra"},
    {&PolicyRules::placementProviders, "aws", "ionos", "provider aws of region fra"},
};

Case parented() {
  Case c;
  c.passport.publisher.parent = api::Parent{"High-Flyer", "CN"};
  return c;
}

TEST(Law, JudgesEveryRuleByItsListsAndSaysWhatItDeniesAndOfWhat) {
  const auto c = parented();
  for (const auto& row : rows) {
    const auto denied = fmt::format("policy p denies {}", row.denial);
    EXPECT_EQ(c.said(makePolicy("p").deny(row.rule, {row.other, row.value})), denied);
    EXPECT_EQ(c.said(makePolicy("p").deny(row.rule, {row.other})), "") << row.denial;
    EXPECT_EQ(c.said(makePolicy("p").allow(row.rule, {row.other, row.value})), "") << row.denial;
    EXPECT_EQ(c.said(makePolicy("p").allow(row.rule, {row.other})),
              fmt::format("{} (it allows {})", denied, row.other));
    EXPECT_EQ(c.said(makePolicy("p").allow(row.rule, {})), denied + " (it allows none)");
    EXPECT_EQ(c.said(makePolicy("p").allow(row.rule, {row.value}).deny(row.rule, {row.value})),
              denied)
        << "deny wins";
  }
}

TEST(Law, SaysNothingByARuleThatIsAbsent) {
  EXPECT_EQ(Case().said(makePolicy("p")), "");
}

TEST(Law, ExpandsBlocs) {
  Case c;
  EXPECT_EQ(c.said(makePolicy("p").allow(&PolicyRules::placementJurisdictions, {"EU"})), "");
  EXPECT_EQ(c.said(makePolicy("p").deny(&PolicyRules::placementJurisdictions, {"EEA"})),
            "policy p denies jurisdiction DE of region fra");
  c.passport.originCountry = "FR";
  EXPECT_EQ(c.said(makePolicy("p").allow(&PolicyRules::origins, {"EU"})), "");
}

TEST(Law, DeniesNamesInEitherCaseAndAllowsThemExactly) {
  EXPECT_NE(Case().said(makePolicy("p").deny(&PolicyRules::publishers, {"DEEPSEEK"})), "");
  EXPECT_NE(Case().said(makePolicy("p").allow(&PolicyRules::publishers, {"DEEPSEEK"})), "");
}

TEST(Law, KnowsProductsByTheirOtherNames) {
  Case c;
  c.deployment.spec.variants[0].accelerator = mi300x().obj().accelerator;
  EXPECT_EQ(c.said(makePolicy("p").deny(&PolicyRules::products, {"AMD_Instinct_MI300X"})),
            "policy p denies product AMD_Instinct_MI300X_OAM of variant h200");
}

TEST(Law, CountsTheWholeLineage) {
  Case c;
  c.passport.originCountry = "US";
  c.passport.derivedFrom = {{"base", "", {}}, {"", "seed", {"Alibaba", "SE", {}}}};
  c.others = {makePassport("base").licence("LicenseRef-x").family("root").obj()};
  EXPECT_EQ(c.said(makePolicy("p").deny(&PolicyRules::origins, {"CN"})),
            "policy p denies origin CN of ancestor base of passport deepseek-v3-2");
  EXPECT_EQ(c.said(makePolicy("p").deny(&PolicyRules::licences, {"LicenseRef-x"})),
            "policy p denies licence LicenseRef-x of ancestor base of passport deepseek-v3-2");
  EXPECT_EQ(c.said(makePolicy("p").deny(&PolicyRules::families, {"seed"})),
            "policy p denies family seed of ancestor seed (Alibaba) of passport deepseek-v3-2");
  EXPECT_EQ(c.said(makePolicy("p").deny(&PolicyRules::origins, {"SE"})),
            "policy p denies origin SE of ancestor seed (Alibaba) of passport deepseek-v3-2");
}

TEST(Law, AllowsNoAncestorOfWhichItKnowsTooLittle) {
  Case c;
  c.passport.derivedFrom = {{"", "seed", {"Alibaba", "CN", {}}}};
  EXPECT_THAT(c.said(makePolicy("p").allow(&PolicyRules::licences, {"MIT"})),
              StartsWith("policy p denies ancestor seed (Alibaba) of passport deepseek-v3-2, whose "
                         "licence is not told"));
  EXPECT_EQ(c.said(makePolicy("p").deny(&PolicyRules::licences, {"GPL-3.0"})), "");
  c.passport.derivedFrom = {{"gone", "", {}}};
  EXPECT_EQ(c.said(makePolicy("p").deny(&PolicyRules::origins, {"US"})),
            "policy p denies ancestor gone of passport deepseek-v3-2, whose origin is not known: it "
            "does not exist; apply that ModelPassport");
  EXPECT_EQ(c.said(makePolicy("p").deny(&PolicyRules::vendors, {"amd"})), "");
}

TEST(Law, ControlsImagesAndWeightsByTheirRegistries) {
  Case c;
  EXPECT_EQ(c.said(makePolicy("p").allow(&PolicyRules::registries, {"registry.eu.example/"})), "");
  EXPECT_EQ(c.said(makePolicy("p").deny(&PolicyRules::registries, {"registry.eu.example/models"})),
            "policy p denies weight source oci://registry.eu.example/models/m:1 of artifact fp8 of "
            "passport deepseek-v3-2 (it denies registry.eu.example/models)");
  c.deployment.spec.variants[0].engine.image = "registry.eu.example.evil.com/vllm:1";
  EXPECT_EQ(c.said(makePolicy("p").allow(&PolicyRules::registries, {"registry.eu.example/"})),
            "policy p denies image registry.eu.example.evil.com/vllm:1 of variant h200 (it allows "
            "registry.eu.example/)");
}

TEST(Law, JudgesExternalVariantsByProviderAndEndpoint) {
  Case c;
  c.deployment.spec.variants = {makeVariant("azure")
                                    .passport("deepseek-v3-2", "")
                                    .external({"azure-ai-foundry", "https://x.example", "SE", ""})
                                    .obj()};
  EXPECT_EQ(c.said(makePolicy("p").allow(&PolicyRules::externalProviders, {})),
            "policy p denies external provider azure-ai-foundry of variant azure (it allows none)");
  EXPECT_EQ(c.said(makePolicy("p").deny(&PolicyRules::placementJurisdictions, {"SE"})),
            "policy p denies jurisdiction SE of endpoint https://x.example");
  EXPECT_EQ(c.said(makePolicy("p").allow(&PolicyRules::vendors, {})), "") << "it has none";
}

TEST(Law, AsksWhereACopyCameFrom) {
  Case c;
  const auto regions = makePolicy("p").deny(&PolicyRules::importRegions, {"zrh"});
  const auto places = makePolicy("p").allow(&PolicyRules::importJurisdictions, {"EU"});
  EXPECT_EQ(c.said(regions), "") << "an original";
  c.deployment.meta.labels.set("bailiwick.dev/origin-region", "zrh");
  EXPECT_EQ(c.said(regions), "policy p denies region zrh of the import of team/assistant");
  EXPECT_EQ(c.said(places),
            "policy p denies the import of team/assistant from region zrh, whose jurisdiction is "
            "not known: apply its Region object");
  c.regions = {makeRegion("zrh", "on-premises", "", "CH").obj()};
  EXPECT_EQ(c.said(places),
            "policy p denies jurisdiction CH of the import of team/assistant (it allows EU)");
}

TEST(Law, AsksForEvidenceThatPassedHasNotExpiredAndIsNotTooOld) {
  Case c;
  const auto policy = makePolicy("p").rules([](auto& r) { r.evidence = {{"RedTeam", 365 * 24h}}; });
  const std::string prefix = "policy p requires evidence RedTeam: passport deepseek-v3-2 has none";
  EXPECT_EQ(c.said(policy), prefix);
  c.passport.evidence = {{"RedTeam", "Fail", testTime - 1h, {}}};
  EXPECT_EQ(c.said(policy), prefix + " that passed");
  c.passport.evidence = {{"RedTeam", "Pass", testTime - 400 * 24h, {}}};
  EXPECT_EQ(c.said(policy), prefix + " that has not expired and is at most 365d old");
  c.passport.evidence = {{"RedTeam", "Pass", testTime + 1h, {}}};
  EXPECT_THAT(c.said(policy), StartsWith(prefix)) << "issued in the future";
  EXPECT_EQ(c.judge({policy}).until, testTime + 1h);
  c.passport.evidence = {{"RedTeam", "Pass", testTime - 1h, testTime}};
  EXPECT_THAT(c.said(policy), StartsWith(prefix)) << "expired this moment";
  c.passport.evidence = {{"RedTeam", "Pass", testTime - 1h, testTime + 2h}};
  EXPECT_EQ(c.said(policy), "");
  EXPECT_EQ(c.judge({policy}).until, testTime + 2h);
}

TEST(Law, TakesEvidenceBackByALaterOneThatDidNotPass) {
  Case c;
  const auto policy = makePolicy("p").rules([](auto& r) { r.evidence = {{"RedTeam", {}}}; });
  const api::Evidence pass{"RedTeam", "Pass", testTime - 10h, {}};
  c.passport.evidence = {pass, {"RedTeam", "Fail", testTime - 11h, {}}, {"DPIA", "Fail", testTime, {}}};
  EXPECT_EQ(c.said(policy), "") << "it failed before, and something else failed since";
  c.passport.evidence = {pass, {"RedTeam", "Fail", testTime - 9h, {}}};
  EXPECT_EQ(c.said(policy),
            "policy p requires evidence RedTeam: passport deepseek-v3-2 has none that passed after "
            "the one of 2026-11-23T01:00:00Z that did not");
  c.passport.evidence.push_back({"RedTeam", "Pass", testTime - 8h, {}});
  EXPECT_EQ(c.said(policy), "") << "and passed again";
  c.passport.evidence = {pass, {"RedTeam", "Fail", testTime + 1h, {}}};
  EXPECT_EQ(c.said(policy), "");
  EXPECT_EQ(c.judge({policy}).until, testTime + 1h) << "it ends then";
  c.passport.evidence = {pass, {"RedTeam", "Inconclusive", std::nullopt, {}}};
  EXPECT_NE(c.said(policy), "") << "nobody knows which is the later";
}

TEST(Law, AsksForDigestSignatureAndCertificates) {
  Case c;
  const auto digest = makePolicy("p").rules([](auto& r) { r.requireDigest = true; });
  const auto signature = makePolicy("p").rules([](auto& r) { r.requireSignature = true; });
  EXPECT_EQ(c.said(digest),
            "policy p requires a digest: artifact fp8 of passport deepseek-v3-2 has none");
  EXPECT_EQ(c.said(signature),
            "policy p requires a signature: artifact fp8 of passport deepseek-v3-2 has none");
  c.passport.artifacts[0].signature = api::Signature{"OMS", "key", ""};
  EXPECT_EQ(c.said(signature), "policy p requires a signature over a digest: artifact fp8 of "
                               "passport deepseek-v3-2 has none")
      << "weights without a digest are not verified at all";
  c.passport.artifacts[0].digest = "sha256:aa";
  EXPECT_EQ(c.said(digest) + c.said(signature), "");

  const auto cloud =
      makePolicy("p").rules([](auto& r) { r.requireCertificates = {"SecNumCloud"}; });
  EXPECT_EQ(c.said(cloud), "policy p requires certificate SecNumCloud: region fra does not hold it");
  c.region.certificates = {{"SecNumCloud", testTime}};
  EXPECT_EQ(c.said(cloud), "policy p requires certificate SecNumCloud: that of region fra expired "
                           "at 2026-11-23T10:00:00Z");
  c.region.certificates[0].expiresAt = testTime + 1h;
  EXPECT_EQ(c.said(cloud), "");
  EXPECT_EQ(c.judge({cloud}).until, testTime + 1h);
}

TEST(Law, AsksForAReadyExitOfNewPlacementOnly) {
  Case c;
  const auto policy = makePolicy("p").rules([](auto& r) { r.requireExitReady = true; });
  EXPECT_THAT(c.said(policy), HasSubstr("whether it is ready is not known yet"));
  c.readiness = policy::ExitReadiness{false, "no alternative to vendor nvidia", {}};
  EXPECT_EQ(c.said(policy), "policy p requires a ready exit of team/assistant: no alternative to "
                            "vendor nvidia");
  EXPECT_EQ(c.judge({policy}).objections[0].effect, Effect::NoNew);
  c.readiness->ready = true;
  EXPECT_EQ(c.said(policy), "");
}

TEST(Law, AsksForADrillOnceADeploymentIsOldEnough) {
  Case c;
  const auto policy = makePolicy("p").rules([](auto& r) { r.drillMaxAge = 48h; });
  c.readiness = policy::ExitReadiness{true, "", {}};
  EXPECT_EQ(c.said(policy), "") << "it is a day old";
  EXPECT_EQ(c.judge({policy}).until, testTime + 24h);
  c.now += 48h;
  EXPECT_EQ(c.said(policy),
            "policy p requires a drill of the exit of team/assistant every 2d: there was none");
  c.readiness->oldestDrill = testTime;
  EXPECT_THAT(c.said(policy), HasSubstr("the last was at 2026-11-23T10:00:00Z"));
  c.readiness->oldestDrill = testTime + 1h;
  EXPECT_EQ(c.said(policy), "");
}

TEST(Law, AddsUpPoliciesAndTellsEachByName) {
  const auto judgement = Case().judge({makePolicy("b").deny(&PolicyRules::vendors, {"nvidia"}),
                                       makePolicy("c").deny(&PolicyRules::vendors, {"amd"}),
                                       makePolicy("a")
                                           .deny(&PolicyRules::origins, {"CN"})
                                           .enforcement(api::Enforcement::Warn)});
  ASSERT_EQ(judgement.objections.size(), 2U);
  EXPECT_THAT(judgement.objections[0].message, StartsWith("policy a denies origin CN"));
  EXPECT_EQ(judgement.objections[0].effect, Effect::Warn);
  EXPECT_EQ(judgement.objections[1].effect, Effect::Deny);
  EXPECT_EQ(judgement.strongest(Effect::Deny), &judgement.objections[1]);
  EXPECT_EQ(judgement.strongest(Effect::Warn), &judgement.objections[1]);
}

TEST(Law, TakesWhatItSelectsOnly) {
  const auto selects = [](api::DeploymentSelector selector) {
    return Case().said(makePolicy("p")
                           .deny(&PolicyRules::origins, {"CN"})
                           .selects(std::move(selector)));
  };
  EXPECT_NE(selects({}), "");
  EXPECT_NE(selects({{"team"}, {}, {"eu-personal", "x"}}), "");
  EXPECT_EQ(selects({{"other"}, {}, {}}), "");
  EXPECT_EQ(selects({{}, {}, {"cn-personal"}}), "");
}

TEST(Law, RefusesAllThatAPolicySelectsWhichItCannotUnderstand) {
  const auto unreadable = [](auto& p) { p.decodeError = "spec.rules.origins: is null"; };
  EXPECT_EQ(Case().said(makePolicy("p").with(unreadable)),
            "policy p cannot be understood and refuses all that it selects: spec.rules.origins: is "
            "null");
  EXPECT_EQ(Case().said(makePolicy("p").with(unreadable).selects({{"other"}, {}, {}})), "");
  const auto judgement = Case().judge({makePolicy("p")
                                           .deny(&PolicyRules::origins, {"EUU"})
                                           .enforcement(api::Enforcement::Warn)});
  ASSERT_EQ(judgement.objections.size(), 1U);
  EXPECT_EQ(judgement.objections[0].effect, Effect::Deny) << "what it would say is not known";
  EXPECT_THAT(judgement.objections[0].message, HasSubstr("spec.rules.origins.deny: EUU is neither"));
}

TEST(Law, NamesWhatTheCatalogueDoesNotKnow) {
  const auto policy = makePolicy("p")
                          .deny(&PolicyRules::vendors, {"nvidea", "nvidia"})
                          .allow(&PolicyRules::engines, {"vlm"})
                          .deny(&PolicyRules::products, {"NVIDIA-H20", "H20"})
                          .deny(&PolicyRules::placementProviders, {"aws", "amazon"})
                          .obj();
  EXPECT_THAT(policy::Law::strangersIn(policy, testCatalog()),
              ElementsAre("spec.rules.vendors.deny names nvidea",
                          "spec.rules.engines.allow names vlm",
                          "spec.rules.placement.providers.deny names amazon",
                          "spec.rules.products.deny names H20"));
  EXPECT_THAT(policy::Law::problemOf(policy, testCatalog()), IsEmpty());
}

}  // namespace
}  // namespace bailiwick::testing
