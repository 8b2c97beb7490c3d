#include "policy/facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using policy::Passports;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

api::ModelPassport passport(const std::string& name, std::vector<api::Ancestor> ancestors) {
  return makePassport(name)
      .family("f-" + name)
      .with([&](auto& p) { p.derivedFrom = std::move(ancestors); })
      .obj();
}

std::vector<std::string> objects(const std::vector<policy::Kin>& lineage) {
  std::vector<std::string> out;
  for (const auto& kin : lineage) out.push_back(kin.object);
  return out;
}

TEST(Lineage, HoldsEveryAncestorOnceAndEndsInACircle) {
  const auto a = passport("a", {{"b", "", {}}, {"c", "", {}}});
  const auto b = passport("b", {{"c", "", {}}, {"a", "", {}}});
  const auto c = passport("c", {{"b", "", {}}});
  EXPECT_THAT(objects(policy::lineageOf("a", {{"a", &a}, {"b", &b}, {"c", &c}})),
              ElementsAre("passport a", "ancestor b of passport a", "ancestor c of passport a"));
}

TEST(Lineage, TakesAncestorsThatAreToldInPlace) {
  const auto a = passport("a", {{"", "base", {"Alibaba", "CN", api::Parent{"Holding", "SG"}}}});
  const auto lineage = policy::lineageOf("a", {{"a", &a}});
  ASSERT_THAT(lineage, SizeIs(2));
  EXPECT_EQ(lineage[1].object, "ancestor base (Alibaba) of passport a");
  EXPECT_EQ(lineage[1].family, "base");
  EXPECT_EQ(lineage[1].origin, "CN");
  EXPECT_EQ(lineage[1].parentCountry, "SG");
  EXPECT_EQ(lineage[1].licence, "") << "not told";
  EXPECT_EQ(lineage[1].problem, "");
}

TEST(Lineage, SaysWhichAncestorIsMissingOrUnreadable) {
  const auto a = passport("a", {{"gone", "", {}}, {"bad", "", {}}});
  auto bad = passport("bad", {{"never-seen", "", {}}});
  bad.decodeError = "spec.openness: must be a string, is a number";
  const auto lineage = policy::lineageOf("a", {{"a", &a}, {"bad", &bad}});
  ASSERT_THAT(lineage, SizeIs(3));
  EXPECT_EQ(lineage[1].problem, "does not exist; apply that ModelPassport");
  EXPECT_EQ(lineage[2].problem, "cannot be read: spec.openness: must be a string, is a number");
  EXPECT_EQ(lineage[2].origin, "");
}

TEST(Facts, TellWhatAVariantIsMadeOfAndWhereItWouldRun) {
  const auto model = makePassport("open")
                         .artifact("fp8", api::SourceType::OCI, "oci://r.example/m:1")
                         .obj();
  const auto deployment =
      assistant().variant(h200().passport("open", "fp8").image("r.example/vllm:1")).obj();
  const auto facts = policy::factsOf(
      {deployment, deployment.spec.variants[0], {{"open", &model}}, fra(), testCatalog()});
  EXPECT_EQ(facts.passport, &model);
  EXPECT_EQ(facts.artifact->name, "fp8");
  EXPECT_EQ(facts.vendor, "nvidia");
  EXPECT_THAT(facts.products, ElementsAre("NVIDIA-H200"));
  EXPECT_EQ(facts.engine, "vllm");
  EXPECT_EQ(facts.image->written, "r.example/vllm:1");
  EXPECT_EQ(facts.weights->written, "oci://r.example/m:1");
  ASSERT_THAT(facts.places, SizeIs(1));
  EXPECT_EQ(facts.places[0].object, "region fra");
  EXPECT_EQ(facts.places[0].jurisdiction, "DE");
}

TEST(Facts, TakeTheImageOfTheCatalogueAndOneProductWhenAsked) {
  const auto deployment = assistant().variant(makeVariant("any").on("nvidia", {}, 1)).obj();
  const auto& variant = deployment.spec.variants[0];
  const Passports none;
  const auto any = policy::factsOf({deployment, variant, none, fra(), testCatalog()});
  EXPECT_THAT(any.products, IsEmpty());
  EXPECT_EQ(any.passport, nullptr);
  EXPECT_EQ(any.image->written, testCatalog().engine("vllm")->imageFor("nvidia", "")->image);
  const auto one =
      policy::factsOf({deployment, variant, none, fra(), testCatalog(), "NVIDIA-H200"});
  EXPECT_THAT(one.products, ElementsAre("NVIDIA-H200"));
}

TEST(Facts, OfAnExternalVariantAreItsEndpointToo) {
  const auto model = makePassport("gpt")
                         .openness("API")
                         .with([](auto& p) {
                           p.endpoints = {{"azure", "https://a.example", "SE", {"eu-personal"}}};
                         })
                         .obj();
  const auto deployment = assistant()
                              .variant(makeVariant("azure").passport("gpt", "").external(
                                  {"azure", "https://a.example", "SE", ""}))
                              .obj();
  const auto facts = policy::factsOf(
      {deployment, deployment.spec.variants[0], {{"gpt", &model}}, fra(), testCatalog()});
  EXPECT_EQ(facts.externalProvider, "azure");
  EXPECT_EQ(facts.vendor, "");
  EXPECT_FALSE(facts.image || facts.weights);
  ASSERT_THAT(facts.places, SizeIs(2));
  EXPECT_EQ(facts.places[1].object, "endpoint https://a.example");
  EXPECT_EQ(facts.places[1].jurisdiction, "SE");
  EXPECT_THAT(facts.places[1].residencyClasses, ElementsAre("eu-personal"));
}

}  // namespace
}  // namespace bailiwick::testing
