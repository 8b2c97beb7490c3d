#include "policy/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

api::ModelPassport open() {
  return makePassport("open").artifact("fp8", api::SourceType::OCI, "oci://r.example/m").obj();
}

std::string said(const std::optional<policy::Refusal>& refusal) {
  return refusal ? refusal->reason + ": " + refusal->message : "";
}

std::string onVariant(const VariantBuilder& variant,
                      const std::optional<api::ModelPassport>& passport = open(),
                      bool leaderWorkerSets = false) {
  const auto deployment = assistant().variant(variant).obj();
  const policy::Settings settings;
  return said(policy::checkVariant({deployment, deployment.spec.variants.front(),
                                    passport ? &*passport : nullptr, fra(), testCatalog(),
                                    settings, leaderWorkerSets}));
}

std::string onDeployment(const DeploymentBuilder& deployment, const api::Region& region = fra(),
                         const policy::Settings& settings = {}) {
  return said(policy::checkDeployment(deployment.obj(), region, testCatalog(), settings));
}

TEST(Policy, PassesWhatIsInOrder) {
  EXPECT_EQ(onVariant(h200()), "");
  EXPECT_EQ(onDeployment(assistant()), "");
}

TEST(Policy, RefusesVariantsWhoseNamesAreNone) {
  const auto named = [](const std::string& name) {
    auto deployment = assistant().variant(h200()).obj();
    deployment.spec.variants.front().name = name;
    return said(policy::checkDeployment(deployment, fra(), testCatalog(), {}));
  };
  EXPECT_EQ(named("a-1"), "");
  for (const auto* bad : {"", "1a", "a-", "A", "a_b", "../../etc", "gateway", "routes",
                          "a1234567890123456789012"}) {
    EXPECT_THAT(named(bad), StartsWith("InvalidSpec: spec.variants: \"")) << bad;
  }
  EXPECT_EQ(onDeployment(assistant().variant(h200()).variant(h200())),
            "InvalidSpec: spec.variants: two are named h200; name each differently");
}

TEST(Policy, NamesTheMissingUnreadableOrLeavingPassport) {
  EXPECT_EQ(onVariant(h200(), std::nullopt),
            "PassportMissing: passport open of variant h200 does not exist; apply that "
            "ModelPassport");
  auto passport = open();
  passport.decodeError = "spec.openness: expected a string";
  EXPECT_EQ(onVariant(h200(), passport),
            "PassportMissing: passport open cannot be read: spec.openness: expected a string");
  passport = open();
  passport.meta.deleted = testTime;
  EXPECT_THAT(onVariant(h200(), passport), HasSubstr("is being deleted: what runs stays"));
}

TEST(Policy, NamesTheMissingArtifactAndThoseThereAre) {
  EXPECT_EQ(onVariant(h200().passport("open", "bf16")),
            "ArtifactMissing: passport open has no artifact bf16 (it has fp8)");
}

TEST(Policy, RefusesToHostAModelThatIsOnlyAnApi) {
  const auto api = makePassport("open").openness("API").model("Claude").obj();
  EXPECT_EQ(onVariant(h200(), api),
            "ArtifactMissing: passport open is of an API-only model (Claude): there are no weights "
            "to run; use an open-weight model or an external variant");
}

TEST(Policy, GivesExternalVariantsNoShareYet) {
  EXPECT_THAT(onVariant(makeVariant("azure").passport("open", "").external(
                  {"azure-ai-foundry", "https://x.example", "SE", ""})),
              StartsWith("EngineUnsupported: variant azure is external (azure-ai-foundry)"));
}

TEST(Policy, RefusesVendorsThatAreNoTargetOrUnknown) {
  EXPECT_EQ(onVariant(h200().on("horizon", {}, 1)),
            "EngineUnsupported: variant h200: Horizon Robotics is no target for a language model: "
            "chips for cars");
  EXPECT_THAT(onVariant(h200().on("nvidea", {}, 1)),
              StartsWith("InvalidSpec: variant h200: accelerator.vendor nvidea is not"));
  EXPECT_THAT(onVariant(h200().engine("vlm")), StartsWith("InvalidSpec: variant h200: engine vlm"));
}

TEST(Policy, AsksForLeaderWorkerSetsWhereAReplicaSpansNodes) {
  EXPECT_THAT(onVariant(h200().nodes(2)), HasSubstr("install it in region fra"));
  EXPECT_EQ(onVariant(h200().nodes(2), open(), true), "");
  EXPECT_EQ(onVariant(h200().engine("llama-cpp").nodes(2), open(), true),
            "EngineUnsupported: variant h200: engine llama-cpp does not span 2 nodes; set "
            "accelerator.nodes to 1");
}

TEST(Policy, RefusesReservedArgumentsAndEnvironmentInOneSentence) {
  EXPECT_EQ(onVariant(h200().args({"--model=/tmp/x"})),
            "InvalidSpec: variant h200: engine.args: argument \"--model=/tmp/x\" sets --model of "
            "engine vllm, which the operator sets; remove it, or write another option in full");
  EXPECT_EQ(onVariant(h200().env("HF_TOKEN", "x")),
            "InvalidSpec: variant h200: environment variable HF_TOKEN of engine vllm is set by the "
            "operator; remove it");
  EXPECT_THAT(onVariant(h200().env("LD_PRELOAD", "x")), HasSubstr("LD_PRELOAD may not be set"));
  EXPECT_EQ(onVariant(h200().env("MY_FLAG", "x").args({"--max-num-seqs", "8"})), "");
}

TEST(Policy, ChecksTheEnvironmentOfThePodToo) {
  auto deployment = assistant().variant(h200()).obj();
  deployment.spec.pod.env = {{"VLLM_API_KEY", "x", {}}};
  const auto passport = open();
  const policy::Settings settings;
  EXPECT_THAT(said(policy::checkVariant({deployment, deployment.spec.variants.front(), &passport,
                                         fra(), testCatalog(), settings, false})),
              HasSubstr("VLLM_API_KEY"));
}

TEST(Policy, LetsNobodySetLabelsThatControllersActOn) {
  const auto with = [](std::string key) {
    return assistant().with([&](auto& spec) { spec.pod.labels.set(key, "x"); });
  };
  EXPECT_EQ(onDeployment(with("team")), "");
  EXPECT_THAT(onDeployment(with("bailiwick.dev/role")),
              StartsWith("InvalidSpec: spec.pod.labels: key \"bailiwick.dev/role\": domain"));
  EXPECT_THAT(onDeployment(with("x.k8s.io/y")), StartsWith("InvalidSpec: "));
  EXPECT_THAT(onDeployment(with("team.example/a")), StartsWith("InvalidSpec: "));
  EXPECT_EQ(onDeployment(with("team.example/a"), fra(), {{"team.example"}}), "");
}

TEST(Policy, KnowsCountriesAndBlocsOnly) {
  EXPECT_EQ(onDeployment(assistant().in({"EEA", "CH"})), "");
  EXPECT_THAT(onDeployment(assistant().in({"DE", "ZZ"})),
              StartsWith("InvalidSpec: spec.placement.jurisdictions: ZZ is neither"));
}

TEST(Policy, TrustsNoRegionThatContradictsTheCatalogue) {
  EXPECT_EQ(onDeployment(assistant(), makeRegion("fra", "aws", "us-east-1", "DE").obj()),
            "LocationContradictory: region fra says jurisdiction DE, but aws us-east-1 is in US; "
            "correct the Region's spec");
}

TEST(Policy, PutsWhatCannotBeReadFirst) {
  auto deployment = assistant().in({"ZZ"}).obj();
  deployment.decodeError = "spec.replicas: expected an integer";
  EXPECT_EQ(said(policy::checkDeployment(deployment, fra(), testCatalog(), {})),
            "InvalidSpec: spec.replicas: expected an integer");
  auto region = fra();
  region.decodeError = "spec.jurisdiction: expected a string";
  EXPECT_EQ(onDeployment(assistant(), region),
            "InvalidSpec: region fra: spec.jurisdiction: expected a string");
}

}  // namespace
}  // namespace bailiwick::testing
