#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/decode.hpp"
#include "api/encode.hpp"
#include "api/objects.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SovereigntyPolicy decode(const json& object) {
  return testing::decodeJson(object, decodeSovereigntyPolicy).value();
}

json with(const char* pointer, json value) {
  json object = testing::fullSovereigntyPolicy();
  object[json::json_pointer(pointer)] = std::move(value);
  return object;
}

TEST(DecodeSovereigntyPolicy, ReadsEveryField) {
  const SovereigntyPolicy policy = decode(testing::fullSovereigntyPolicy());
  ASSERT_EQ(policy.decodeError, "");
  EXPECT_EQ(policy.enforcement, Enforcement::Exit);
  EXPECT_EQ(policy.exitGracePeriod, std::chrono::days(60));
  EXPECT_THAT(policy.selector.namespaces, ElementsAre("assistants"));
  EXPECT_TRUE(policy.selector.matchLabels.has("tier", "gold"));
  const PolicyRules& rules = policy.rules;
  EXPECT_THAT(*rules.origins.allow, ElementsAre("EU", "US"));
  EXPECT_THAT(rules.origins.deny, ElementsAre("CN"));
  EXPECT_THAT(*rules.externalProviders.allow, IsEmpty()) << "an empty list is a list";
  EXPECT_FALSE(rules.vendors.allow) << "an absent list is none";
  EXPECT_THAT(rules.placementProviders.deny, ElementsAre("aws"));
  EXPECT_THAT(rules.importRegions.deny, ElementsAre("lab"));
  EXPECT_EQ(*rules.evidence[0].maxAge, std::chrono::days(365));
  EXPECT_TRUE(rules.requireDigest && rules.requireSignature && rules.requireExitReady);
  EXPECT_THAT(rules.requireCertificates, ElementsAre("SecNumCloud"));
  EXPECT_EQ(*rules.drillMaxAge, std::chrono::days(400));
  EXPECT_EQ(policy.source.date, "2025-01-17");
}

TEST(DecodeSovereigntyPolicy, ReadsItsOwnStatusBackAsItWasWritten) {
  const json object = testing::fullSovereigntyPolicy();
  EXPECT_EQ(toJson(decode(object).status), object["status"]);
}

TEST(DecodeSovereigntyPolicy, KeepsTheSelectorOfAPolicyWhoseRulesItCannotRead) {
  const SovereigntyPolicy policy = decode(with("/spec/rules/origins/allow", nullptr));
  EXPECT_EQ(policy.decodeError, "spec.rules.origins.allow: must be a list, is null");
  EXPECT_THAT(policy.selector.namespaces, ElementsAre("assistants"));
  EXPECT_EQ(policy.rules, PolicyRules{});
}

TEST(DecodeSovereigntyPolicy, SelectsEverythingWhereTheSelectorCannotBeRead) {
  const SovereigntyPolicy policy = decode(with("/spec/selector/namespaces/0", 7));
  EXPECT_THAT(policy.decodeError, HasSubstr("spec.selector.namespaces[0]: must be a string"));
  EXPECT_EQ(policy.selector, DeploymentSelector{});
}

TEST(DecodeSovereigntyPolicy, RefusesRulesThatItDoesNotKnow) {
  for (const char* pointer :
       {"/spec/rules/colours", "/spec/rules/origins/prefer", "/spec/rules/placement/cities",
        "/spec/rules/importFrom/clouds", "/spec/rules/evidence/0/issuer", "/spec/selector/names"}) {
    EXPECT_THAT(decode(with(pointer, json::array())).decodeError, HasSubstr("is not known"))
        << pointer;
  }
}

TEST(DecodeSovereigntyPolicy, RefusesWhatSaysNothingOrContradictsItself) {
  EXPECT_THAT(decode(with("/spec/rules", json::object())).decodeError, HasSubstr("at least one"));
  EXPECT_THAT(decode(with("/spec/rules/origins", json::object())).decodeError,
              HasSubstr("spec.rules.origins: must give allow, deny or both"));
  EXPECT_THAT(decode(with("/spec/rules/placement", json::object())).decodeError,
              HasSubstr("must give jurisdictions, providers or both"));
  EXPECT_THAT(decode(with("/spec/rules/origins/deny", {"EU"})).decodeError,
              HasSubstr("spec.rules.origins: has EU in allow and in deny"));
  EXPECT_THAT(decode(with("/spec/enforcement", "Maybe")).decodeError,
              HasSubstr("spec.enforcement: must be one of Deny, Warn, Exit"));
  EXPECT_THAT(decode(with("/spec/rules/openness/allow", {"Open"})).decodeError,
              HasSubstr("must list OpenSource, OpenWeight or API, has Open"));
}

TEST(DeploymentSelector, NarrowsByNamespaceLabelsAndAnyResidencyClass) {
  ModelDeployment deployment;
  deployment.meta.key = {"a", "x"};
  deployment.meta.labels = Labels{{"tier", "gold"}, {"team", "t"}};
  deployment.spec.placement.dataResidency = {"eu-personal", "eu-health"};
  EXPECT_TRUE(selects({}, deployment));
  EXPECT_TRUE(selects({{"b", "a"}, Labels{{"tier", "gold"}}, {"x", "eu-health"}}, deployment));
  EXPECT_FALSE(selects({{"b"}, {}, {}}, deployment));
  EXPECT_FALSE(selects({{}, Labels{{"tier", "gold"}, {"more", "1"}}, {}}, deployment));
  EXPECT_FALSE(selects({{}, {}, {"cn-personal"}}, deployment));
  deployment.decodeError = "spec: is required";
  EXPECT_TRUE(selects({{}, {}, {"cn-personal"}}, deployment)) << "its classes are not known";
}

}  // namespace
}  // namespace bailiwick::api
