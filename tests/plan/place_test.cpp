#include "plan/place.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using plan::Location;

constexpr char topology[] = "topology.kubernetes.io/region";
constexpr char legacy[] = "failure-domain.beta.kubernetes.io/region";
constexpr char country[] = "bailiwick.dev/jurisdiction";

// The planner's word, after checking that the affinity says the same.
Location locate(const api::Labels& labels, const api::Region& region = fra()) {
  const auto place = plan::locate(labels, region, testCatalog());
  const bool admitted = plan::matches(plan::knownPlace(region, testCatalog()), labels);
  EXPECT_EQ(admitted, place.location == Location::Known) << place.detail;
  EXPECT_EQ(place.detail.empty(), place.location == Location::Known);
  return place.location;
}

TEST(Place, IsKnownByTheJurisdictionLabelAlone) {
  EXPECT_EQ(locate({{country, "DE"}}), Location::Known);
}

TEST(Place, IsKnownByTheProvidersRegion) {
  EXPECT_EQ(locate({{topology, "eu-central-1"}}), Location::Known);
  EXPECT_EQ(locate({{topology, "eu-central-9"}}), Location::Known) << "another place in DE";
}

TEST(Place, IsKnownByTheProvidersOwnNameOfTheRegion) {
  EXPECT_EQ(locate({{topology, "muc"}}), Location::Known);
  const auto gz = makeRegion("gz", "tencent", "ap-guangzhou", "CN").obj();
  EXPECT_EQ(locate({{topology, "gz"}}, gz), Location::Known);
}

TEST(Place, IsKnownByTheLegacyLabel) {
  EXPECT_EQ(locate({{legacy, "eu-central-1"}}), Location::Known);
  EXPECT_EQ(locate({{legacy, "eu-central-1"}, {topology, "unheard-of"}}), Location::Known);
}

TEST(Place, IsUnknownWithoutAnyLabel) {
  EXPECT_EQ(locate({}), Location::Unknown);
  EXPECT_EQ(locate({{topology, "unheard-of"}}), Location::Unknown);
  EXPECT_EQ(locate({{topology, ""}}), Location::Unknown);
}

TEST(Place, IsUnknownByARegionOfAnotherProvider) {
  const auto onPremises = makeRegion("lab", "on-premises", "cellar", "DE").obj();
  EXPECT_EQ(locate({{topology, "eu-central-1"}}, onPremises), Location::Unknown);
  EXPECT_EQ(locate({{country, "DE"}}, onPremises), Location::Known);
}

TEST(Place, IsUnknownWhereTheProviderIsNotInTheCatalogue) {
  const auto region = makeRegion("x", "no-such-cloud", "a", "DE").obj();
  EXPECT_EQ(locate({{topology, "eu-central-1"}}, region), Location::Unknown);
  EXPECT_EQ(locate({{country, "DE"}}, region), Location::Known);
}

TEST(Place, IsContradictoryInEveryWayThatSourcesCanDisagree) {
  const api::Labels cases[] = {
      {{country, "FR"}},
      {{country, "FR"}, {topology, "eu-central-1"}},
      {{country, "DE"}, {topology, "eu-west-3"}},
      {{country, "DE"}, {topology, "iad"}},
      {{country, "DE"}, {legacy, "us-east-1"}},
      {{topology, "eu-west-3"}},
      {{topology, "eu-central-1"}, {legacy, "us-east-1"}},
      {{topology, "us-east-1"}, {legacy, "eu-central-1"}},
      {{country, "FR"}, {topology, "eu-west-3"}},
  };
  for (const auto& labels : cases) {
    EXPECT_EQ(locate(labels), Location::Contradictory)
        << labels.begin()->first << "=" << labels.begin()->second;
  }
}

TEST(Place, ReadsCountriesExactly) {
  EXPECT_EQ(locate({{country, "de"}}), Location::Contradictory);
  EXPECT_EQ(locate({{country, ""}}), Location::Contradictory);
  EXPECT_EQ(locate({{country, "EU"}}), Location::Contradictory);
  EXPECT_EQ(locate({{country, "D\u0395"}}), Location::Contradictory) << "a Greek epsilon";
  EXPECT_EQ(locate({{topology, "EU-CENTRAL-1"}}), Location::Unknown);
}

TEST(Place, IsContradictoryEverywhereWhereTheRegionContradictsTheCatalogue) {
  const auto wrong = makeRegion("fra", "aws", "us-east-1", "DE").obj();
  EXPECT_EQ(locate({{country, "DE"}}, wrong), Location::Contradictory);
  EXPECT_EQ(locate({{topology, "eu-central-1"}}, wrong), Location::Contradictory);
  EXPECT_EQ(locate({}, wrong), Location::Contradictory);
}

TEST(Place, ReadsTheRegionsLocationInEverySpelling) {
  EXPECT_EQ(locate({{country, "DE"}}, makeRegion("fra", "aws", "iad", "DE").obj()),
            Location::Contradictory);
  EXPECT_EQ(locate({{country, "DE"}}, makeRegion("fra", "aws", "muc", "DE").obj()),
            Location::Known);
}

TEST(Place, TellsTheRightProviderOfALocationOfAnotherPartition) {
  const auto region = makeRegion("bjs", "aws", "cn-north-1", "CN").obj();
  EXPECT_EQ(locate({{country, "CN"}}, region), Location::Contradictory);
  EXPECT_EQ(plan::locate({{country, "CN"}}, region, testCatalog()).detail,
            "region bjs says provider aws, but cn-north-1 is a location of provider aws-cn "
            "(aws-cn)");
  const auto right = makeRegion("bjs", "aws-cn", "cn-north-1", "CN").obj();
  EXPECT_EQ(locate({{topology, "cn-north-1"}}, right), Location::Known);
}

TEST(Place, AsksForNoLabelThatCannotBe) {
  const auto region = makeRegion("fra", "ionos", "de/fra", "DE").obj();
  EXPECT_EQ(locate({{topology, "de-fra"}}, region), Location::Known);
  for (const auto& term : plan::knownPlace(region, testCatalog()).any) {
    for (const auto& expression : term.all) {
      for (const auto& value : expression.values) EXPECT_EQ(value.find('/'), value.npos) << value;
    }
  }
}

TEST(Place, NamesTheLabelThatBinds) {
  const auto place = plan::locate({{country, "FR"}}, fra(), testCatalog());
  EXPECT_EQ(place.detail, "label bailiwick.dev/jurisdiction=FR, region fra is in DE");
}

// An independent reading of the issue: every source that is present must name the Region's
// jurisdiction, and there must be one.
bool eligible(const api::Labels& labels, const api::Region& region) {
  static const std::map<std::string, std::string> aws = {
      {"eu-central-1", "DE"}, {"eu-central-9", "DE"}, {"muc", "DE"},
      {"eu-west-3", "FR"},    {"us-east-1", "US"},    {"iad", "US"}};
  std::vector<std::string> said;
  if (const auto* label = labels.find(country)) said.push_back(*label);
  for (const char* key : {topology, legacy}) {
    const auto* label = labels.find(key);
    if (label && region.provider == "aws" && aws.contains(*label)) said.push_back(aws.at(*label));
  }
  if (region.provider == "aws" && region.location == "cn-north-1") return false;  // aws-cn's
  if (region.provider == "aws" && aws.contains(region.location) &&
      aws.at(region.location) != region.jurisdiction) {
    return false;
  }
  return !said.empty() && std::all_of(said.begin(), said.end(), [&](const std::string& country_) {
    return country_ == region.jurisdiction;
  });
}

RC_GTEST_PROP(Place, AffinityAndPlannerAgreeWithTheRules, ()) {
  const auto region =
      makeRegion("r", *rc::gen::element<std::string>("aws", "on-premises", "nowhere"),
                 *rc::gen::element<std::string>("eu-central-1", "us-east-1", "iad", "cn-north-1",
                                                "cellar"),
                 *rc::gen::element<std::string>("DE", "US", "FR"))
          .classes({"a", "b"})
          .obj();
  api::Labels labels;
  const auto maybe = [&](const char* key, std::vector<std::string> values) {
    if (*rc::gen::arbitrary<bool>()) labels.set(key, *rc::gen::elementOf(values));
  };
  maybe(country, {"DE", "US", "FR", "de", ""});
  maybe(topology, {"eu-central-1", "muc", "eu-west-3", "iad", "us-east-1", "other"});
  maybe(legacy, {"eu-central-9", "us-east-1", "other"});
  maybe("data-residency.bailiwick.dev/a", {"true", "false", "True"});
  maybe("data-residency.bailiwick.dev/b", {"true", "1"});
  const auto classes = *rc::gen::elementOf(
      std::vector<std::vector<std::string>>{{}, {"a"}, {"a", "b"}, {"c"}});
  const bool place = eligible(labels, region);
  const bool residency = std::all_of(classes.begin(), classes.end(), [&](const std::string& name) {
    return name != "c" && labels.has("data-residency.bailiwick.dev/" + name, "true");
  });
  RC_ASSERT((plan::locate(labels, region, testCatalog()).location == Location::Known) == place);
  RC_ASSERT(plan::matches(plan::lawfulNodes(classes, region, testCatalog()), labels) ==
            (place && residency));
}

}  // namespace
}  // namespace bailiwick::testing
