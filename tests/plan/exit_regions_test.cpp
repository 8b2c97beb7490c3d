#include "plan/exit_regions.hpp"

#include <gtest/gtest.h>

namespace bailiwick::plan {
namespace {

api::ExitOrder order(const std::string& vendor = "nvidia") {
  api::ExitOrder made;
  made.meta.key.name = "exit";
  made.spec.target.vendors = {vendor};
  return made;
}

PeerOrder peer(const api::ExitOrder& theirs, bool known = true) {
  return {"zrh", known, std::make_shared<const api::ExitOrder>(theirs)};
}

std::string stateOf(const PeerOrder& theirs) {
  return exitRegionsOf(order(), "fra", true, {theirs}).at(1).state;
}

TEST(ExitRegions, ALivePeerWithoutTheOrderIsNotOrdered) {
  EXPECT_EQ(stateOf({"zrh", true, nullptr}), "NotOrdered");
}

TEST(ExitRegions, AnotherOrderOfTheSameNameIsNotThisOne) {
  EXPECT_EQ(stateOf(peer(order("amd"))), "NotOrdered");
  auto paused = order();
  paused.spec.paused = true;
  EXPECT_EQ(stateOf(peer(paused)), "Ordered");
}

TEST(ExitRegions, ADrillThatCouldNotLeaveIsDoneAndAnExitThatCannotIsNot) {
  auto blocked = order();
  blocked.status.phase = api::ExitPhase::Blocked;
  EXPECT_EQ(stateOf(peer(blocked)), "Ordered");
  EXPECT_EQ(couldNotLeave(order(), {peer(blocked)}), std::vector<std::string>{});
  auto own = order();
  own.spec.drill = blocked.spec.drill = true;
  EXPECT_EQ(exitRegionsOf(own, "fra", true, {peer(blocked)}).at(1).state, "Verified");
  EXPECT_EQ(couldNotLeave(own, {peer(blocked)}), std::vector<std::string>{"zrh"});
}

TEST(ExitRegions, WhatEachRegionMadeOfOnePolicyIsOneOrder) {
  auto own = order();
  own.meta.key.name = "no-nvidia";
  own.spec.target = {};
  own.spec.target.policies = {"no-nvidia"};
  auto theirs = own;
  theirs.spec.deadline += std::chrono::hours(5);  // its own first violation was later
  const auto state = [&] { return exitRegionsOf(own, "fra", true, {peer(theirs)}).at(1).state; };
  EXPECT_EQ(state(), "Ordered");
  own.spec.target.vendors = theirs.spec.target.vendors = {"amd"};
  EXPECT_EQ(state(), "NotOrdered") << "a person has made it: the deadline counts";
  own.spec.target.vendors = theirs.spec.target.vendors = {};
  own.spec.target.policies = theirs.spec.target.policies = {"another"};
  EXPECT_EQ(state(), "NotOrdered");
}

TEST(ExitRegions, WhoCannotBeReachedIsUnknownWhateverWasSeenBefore) {
  auto verified = order();
  verified.status.phase = api::ExitPhase::Verified;
  EXPECT_EQ(stateOf(peer(verified)), "Verified");
  EXPECT_EQ(stateOf(peer(verified, false)), "unknown");
}

TEST(ExitRegions, TheFleetIsVerifiedOnlyWithEveryRegion) {
  auto verified = order();
  verified.status.phase = api::ExitPhase::Verified;
  EXPECT_EQ(notVerified(exitRegionsOf(order(), "fra", true, {peer(verified)})), "");
  EXPECT_EQ(notVerified(exitRegionsOf(order(), "fra", true, {peer(verified, false)})), "zrh unknown");
  EXPECT_EQ(notVerified(exitRegionsOf(order(), "fra", false, {peer(order())})),
            "fra Ordered, zrh Ordered");
}

TEST(ExitRegions, WhoIsLastOfVeryManyCounts) {
  auto verified = order();
  verified.status.phase = api::ExitPhase::Verified;
  std::vector<PeerOrder> peers;
  for (int n = 0; n < 200; ++n) peers.push_back(peer(verified));
  peers.push_back({"last", true, nullptr});
  const auto all = exitRegionsOf(order(), "fra", true, peers);
  EXPECT_EQ(notVerified(all), "last NotOrdered");
  const auto told = shown(all);
  ASSERT_EQ(told.size(), 128u);
  EXPECT_EQ(told[0].name, "fra");
  EXPECT_EQ(told[1].name, "last");
  peers.assign(60, {"away", false, nullptr});
  EXPECT_TRUE(notVerified(exitRegionsOf(order(), "fra", true, peers)).ends_with(" and 50 more"));
}

}  // namespace
}  // namespace bailiwick::plan
