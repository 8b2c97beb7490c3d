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

}  // namespace
}  // namespace bailiwick::plan
