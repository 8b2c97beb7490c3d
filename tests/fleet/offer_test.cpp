#include "fleet/offer.hpp"

#include <gtest/gtest.h>

#include "fleet/fixture.hpp"

namespace bailiwick::testing {
namespace {

using namespace std::chrono_literals;

constexpr api::Time now{std::chrono::microseconds{1795428000000000}};

api::RegionEntry told() {
  api::RegionEntry entry;
  entry.name = "fra";
  entry.sequence = fleet::nextSequence(0, now);
  entry.offer = {{"h200", 3, {"p"}, "", ""}};
  entry.share = {{"h200", 2}};
  return entry;
}

TEST(Offer, IsNoMoreThanTheDeploymentCouldUse) {
  const auto spec = wanting(4);
  EXPECT_EQ(fleet::offered(2, 1, spec.variants[0], spec), 3);
  EXPECT_EQ(fleet::offered(2, 9, spec.variants[0], spec), 4);
}

TEST(Offer, APromiseIsNoMoreThanIsOffered) {
  EXPECT_EQ(fleet::promise({4}, {{"h200", 3, {}, "", ""}}, wanting(4)), fleet::Counts{3});
}

TEST(Offer, AnotherOfferIsHeldBackForASecond) {
  auto next = told();
  next.offer[0].replicas = 1;
  EXPECT_EQ(fleet::heldBackUntil(told(), next, now + 300ms), now + 1s);
  EXPECT_FALSE(fleet::heldBackUntil(told(), next, now + 1s));
}

TEST(Offer, AnotherShareIsToldAtOnce) {
  auto next = told();
  next.offer[0].replicas = 1;
  next.share.clear();
  EXPECT_FALSE(fleet::heldBackUntil(told(), next, now + 300ms));
}

TEST(Offer, ANumberBeyondTheClockHoldsNothingBack) {
  auto before = told(), next = told();
  before.sequence += 3'600'000;
  next.offer[0].replicas = 1;
  EXPECT_FALSE(fleet::heldBackUntil(before, next, now));
}

TEST(Pools, CountsOfFreeDevicesAreToldOnceInTenSeconds) {
  api::RegionStatus told, next;
  told.pools.resize(1);
  told.pools[0].devices = told.pools[0].devicesFree = 8;
  next = told;
  EXPECT_FALSE(fleet::heldBackUntil(told, next, now, now + 1s)) << "nothing is to be told";
  next.pools[0].devicesFree = next.pools[0].largestFreeOnOneNode = 3;
  EXPECT_EQ(fleet::heldBackUntil(told, next, now, now + 1s), now + 10s);
  EXPECT_FALSE(fleet::heldBackUntil(told, next, now, now + 10s));
  EXPECT_FALSE(fleet::heldBackUntil(told, next, now, now - 1s)) << "a clock that went back";
  next.pools[0].devices = 7;
  EXPECT_FALSE(fleet::heldBackUntil(told, next, now, now + 1s)) << "what is there is told at once";
}

TEST(Offer, NumbersGrowWhateverTheClockDoes) {
  EXPECT_EQ(fleet::nextSequence(5, now), 1795428000000);
  EXPECT_EQ(fleet::nextSequence(1795428000007, now), 1795428000008);
}

}  // namespace
}  // namespace bailiwick::testing
