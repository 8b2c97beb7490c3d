#include "fleet/allocate.hpp"

#include <gmock/gmock.h>

#include "fleet/fixture.hpp"

namespace bailiwick::testing {
namespace {

using fleet::Role;
using ::testing::Contains;
using ::testing::Each;
using ::testing::SizeIs;

// The names in order of rank for the deployment of the fixture, the favoured one first.
std::vector<std::string> favoured(std::vector<std::string> names) {
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return fleet::rank("team/assistant", a) > fleet::rank("team/assistant", b);
  });
  return names;
}

TEST(Allocate, SpreadsEvenlyOverTheRegionsThatOffer) {
  Fleet fleet(wanting(6));
  fleet.region("fra", 6);
  fleet.region("zrh", 6);
  fleet.region("iad", 0);
  EXPECT_EQ(fleet.shares(), (Named{{"fra", 3}, {"zrh", 3}}));
}

TEST(Allocate, TheHigherRankTakesTheOddOne) {
  Fleet fleet(wanting(5));
  fleet.region("fra", 5);
  fleet.region("zrh", 5);
  const auto first = favoured({"fra", "zrh"}).front();
  EXPECT_EQ(fleet.shares().at(first), 3);
}

TEST(Allocate, ComesOutTheSameInAnyOrderOfTheRegions) {
  Fleet one(wanting(7)), other(wanting(7));
  for (const auto* name : {"a", "b", "c", "d"}) one.region(name, 5);
  for (const auto* name : {"d", "b", "a", "c"}) other.region(name, 5);
  EXPECT_EQ(one.shares(), other.shares());
}

TEST(Allocate, NothingMovesWhileEnoughIsHeld) {
  Fleet fleet(wanting(4));
  fleet.region("fra", 4, 4);
  fleet.region("zrh", 4, 0);
  fleet.region("ams", 4, 0);
  EXPECT_EQ(fleet.shares(), (Named{{"fra", 4}}));
}

TEST(Allocate, ALostRegionsUnitsGoToTheOthers) {
  Fleet fleet(wanting(6));
  fleet.region("fra", 6, 2, Role::Gone);
  fleet.region("zrh", 6, 2);
  fleet.region("ams", 6, 2);
  EXPECT_EQ(fleet.shares(), (Named{{"zrh", 3}, {"ams", 3}}));
}

TEST(Allocate, ASuspectRegionsShareStands) {
  Fleet fleet(wanting(4));
  fleet.region("fra", 4, 2, Role::Frozen);
  fleet.region("zrh", 4, 1);
  EXPECT_EQ(fleet.shares(), (Named{{"fra", 2}, {"zrh", 2}}));
}

TEST(Allocate, NobodyCountsOnAReturningRegionNorGivesItAnything) {
  Fleet fleet(wanting(4));
  fleet.region("fra", 4, 2, Role::Out);
  fleet.region("zrh", 3, 3);
  const auto allocation = fleet.allocation();
  EXPECT_EQ(allocation.shares[0][0], 2);
  EXPECT_EQ(allocation.shares[1][0], 3);
  EXPECT_EQ(allocation.unmet, 0);
}

TEST(Allocate, WhatALossDisplacedComesBackByThePromiseThatStood) {
  Fleet fleet(wanting(6));
  fleet.region("fra", 6, 2);  // back, with the promise of before
  fleet.region("zrh", 6, 3);
  fleet.region("ams", 6, 3);
  EXPECT_EQ(fleet.shares(), (Named{{"fra", 2}, {"zrh", 2}, {"ams", 2}}));
}

TEST(Allocate, ACordonedRegionIsDrainedToTheOthersAndKeepsWhatTheyCannotTake) {
  Fleet fleet(wanting(4));
  fleet.region("fra", 4, 4, Role::Draining);
  fleet.region("zrh", 3, 0);
  EXPECT_EQ(fleet.shares(), (Named{{"fra", 1}, {"zrh", 3}}));
}

TEST(Allocate, WhatAnExitLeavesGoesToOthersAndStaysWhereThereAreNone) {
  Fleet fleet(wanting(4));
  fleet.region("fra", 4, 4).offer[0].reason = "ExitInProgress";
  fleet.region("zrh", 1, 0);
  EXPECT_EQ(fleet.shares(), (Named{{"fra", 3}, {"zrh", 1}}));
}

TEST(Allocate, NoRegionGetsMoreThanMaxPerRegion) {
  auto spec = wanting(9);
  spec.placement.maxPerRegion = 3;
  Fleet fleet(spec);
  fleet.region("fra", 9, 7);
  fleet.region("zrh", 9);
  const auto allocation = fleet.allocation();
  EXPECT_EQ(fleet.shares(), (Named{{"fra", 3}, {"zrh", 3}}));
  EXPECT_EQ(allocation.unmet, 3000);
}

TEST(Allocate, AClaimIsWorthNoMoreThanItsOffer) {
  Fleet fleet(wanting(4));
  fleet.region("liar", 1, 100);
  fleet.region("zrh", 4, 0);
  EXPECT_EQ(fleet.shares(), (Named{{"liar", 1}, {"zrh", 3}}));
}

TEST(Allocate, AnAbsurdClaimIsBounded) {
  Fleet fleet(wanting(4));
  fleet.region("liar", 2000000000, -5);
  fleet.region("zrh", 4, 4);
  EXPECT_EQ(fleet.shares(), (Named{{"zrh", 4}}));
}

TEST(Allocate, PacksIntoAsFewRegionsAsPossible) {
  auto spec = wanting(6);
  spec.placement.strategy = api::Strategy::Pack;
  Fleet fleet(spec);
  fleet.region("a", 3);
  fleet.region("b", 6);
  fleet.region("c", 5);
  EXPECT_EQ(fleet.shares(), (Named{{"b", 6}}));
}

TEST(Allocate, PackGrowsWhereSomethingRunsAlready) {
  auto spec = wanting(6);
  spec.placement.strategy = api::Strategy::Pack;
  Fleet fleet(spec);
  fleet.region("a", 6, 0);
  fleet.region("b", 4, 2);
  EXPECT_EQ(fleet.shares(), (Named{{"b", 4}, {"a", 2}}));
}

TEST(Allocate, MinRegionsIsKeptBeforeTheStrategy) {
  auto spec = wanting(6);
  spec.placement.strategy = api::Strategy::Pack;
  spec.placement.minRegions = 2;
  Fleet fleet(spec);
  fleet.region("a", 6);
  fleet.region("b", 6);
  const auto shares = fleet.shares();
  EXPECT_THAT(shares, SizeIs(2));
}

TEST(Allocate, MinRegionsMovesOneFromWhereMostIs) {
  auto spec = wanting(4);
  spec.placement.minRegions = 2;
  Fleet fleet(spec);
  fleet.region("a", 4, 4);
  fleet.region("b", 4, 0);
  EXPECT_EQ(fleet.shares(), (Named{{"a", 3}, {"b", 1}}));
}

TEST(Allocate, CheapestBuysWhereTheUnitCostsLeast) {
  auto spec = wanting(4);
  spec.placement.strategy = api::Strategy::Cheapest;
  Fleet fleet(spec);
  fleet.region("dear", 4).prices = {{"nvidia", "NVIDIA-H200", 3000, "EUR"}};
  fleet.region("cheap", 3).prices = {{"nvidia", "NVIDIA-H200", 2000, "EUR"}};
  fleet.region("unknown", 4);
  EXPECT_EQ(fleet.shares(), (Named{{"cheap", 3}, {"dear", 1}}));
}

TEST(Allocate, VariantsOfDifferentSizeAddUpInUnits) {
  auto spec = wanting(4);
  spec.variants.push_back(makeVariant("mi300x").on("amd", {}, 4).capacity(500).obj());
  Fleet fleet(spec);
  fleet.region("fra", Named{{"h200", 4}});
  fleet.region("iad", Named{{"mi300x", 8}});
  EXPECT_EQ(fleet.allShares(), (Named{{"fra/h200", 2}, {"iad/mi300x", 4}}));
}

TEST(Allocate, TheFirstVariantThatARegionOffersIsTaken) {
  auto spec = wanting(3);
  spec.variants.push_back(makeVariant("h100").on("nvidia", {}, 8).obj());
  Fleet fleet(spec);
  fleet.region("fra", Named{{"h200", 2}, {"h100", 3}});
  EXPECT_EQ(fleet.allShares(), (Named{{"fra/h200", 2}, {"fra/h100", 1}}));
}

TEST(Allocate, SeveralVariantsTakeNoMoreThanThePoolThatTheyShare) {
  auto spec = wanting(8);
  spec.variants.push_back(makeVariant("half").on("nvidia", {}, 4).capacity(500).obj());
  Fleet fleet(spec);
  auto& said = fleet.region("fra", Named{{"h200", 3}, {"half", 6}});
  for (auto& offer : said.offer) offer.pools = {"shared"};
  EXPECT_EQ(fleet.allShares(), (Named{{"fra/h200", 3}}));
  said.pools.resize(1);
  said.pools[0].name = "shared";
  said.pools[0].devices = 16;
  EXPECT_EQ(fleet.allShares(), (Named{{"fra/h200", 2}}));
}

TEST(Allocate, AnExternalVariantGetsNoShare) {
  auto spec = wanting(2);
  spec.variants[0].external = api::ExternalSpec{};
  Fleet fleet(spec);
  fleet.region("fra", 2);
  EXPECT_TRUE(fleet.shares().empty());
}

TEST(Allocate, TheLowestVersionAmongTheLiveIsUsed) {
  std::vector<fleet::RegionInput> regions(3);
  regions[0].allocator = 7;
  regions[1].allocator = 1;
  EXPECT_EQ(fleet::agreedVersion(regions), 1);
  regions[1].allocator = -3;
  EXPECT_EQ(fleet::agreedVersion(regions), 1);
  regions[1].role = regions[2].role = Role::Gone;
  EXPECT_EQ(fleet::agreedVersion(regions), fleet::allocatorVersion);
}

TEST(Allocate, LargeNumbersSpreadEvenlyToo) {
  Fleet fleet(wanting(100000));
  for (int r = 0; r < 7; ++r) fleet.region("r" + std::to_string(r), 100000);
  for (const auto& [name, share] : fleet.shares()) EXPECT_NEAR(share, 100000 / 7.0, 1.0) << name;
}

}  // namespace
}  // namespace bailiwick::testing
