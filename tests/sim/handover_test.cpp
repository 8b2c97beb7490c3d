// What is given up, and for whom: the attacks on the protocol by name, and random schedules; `simulate`
// runs any number of those.

#include <gmock/gmock.h>

#include "sim/fixture.hpp"
#include "sim/schedule.hpp"

namespace bailiwick::sim {
namespace {

using ::testing::IsEmpty;

// Attack (a): both lose sight of one another, both grow, both see the other return with everything
// and would give up theirs.
TEST(Simulation, TwoThatBothTookOverDoNotBothGiveUp) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Fleet fleet(regionsOf(2, 4), seed);
    fleet.isolate(0);
    fleet.wait(6000);
    ASSERT_EQ(fleet.readyIn(0), 4000);
    ASSERT_EQ(fleet.readyIn(1), 4000);
    fleet.settle();
    ASSERT_THAT(fleet.violations(), IsEmpty()) << seed;
  }
}

// Attack (b): one's failback window ends first and it drops to its half, while the other would drop
// to nothing: here because it is cordoned at that moment.
TEST(Simulation, AWindowThatEndsFirstDoesNotLeaveTooLittle) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Fleet fleet(regionsOf(2, 4), seed);
    fleet.cut(1, 0);
    fleet.wait(3000);
    fleet.cut(0, 1);
    fleet.wait(3000);
    fleet.isolate(0, false);
    fleet.wait(2500 + static_cast<Millis>(seed) * 10);
    fleet.cordon(0, true);
    fleet.wait(4000);
    fleet.settle();
    ASSERT_THAT(fleet.violations(), IsEmpty()) << seed;
  }
}

TEST(Simulation, AnOldViewOfAPeerMakesNobodyGiveUpTooMuch) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Fleet fleet(regionsOf(2, 4), seed);
    fleet.kill(0, true);
    fleet.wait(6000);
    fleet.freezeView(1, true);  // that it has two, or four
    fleet.revive(0);
    fleet.wait(12000);
    fleet.settle();
    ASSERT_THAT(fleet.violations(), IsEmpty()) << seed;
  }
}

TEST(Simulation, ACordonedRegionIsDrainedWithoutADip) {
  Fleet fleet(regionsOf(3, 6));
  fleet.cordon(0, true);
  fleet.wait(8000);
  EXPECT_EQ(fleet.podsIn(0), 0);
  EXPECT_EQ(fleet.ready(), 6000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, WhatTheLawForbidsIsReplacedElsewhereFirst) {
  Fleet fleet(regionsOf(2, 4));
  fleet.forbid(0, true);
  fleet.wait(8000);
  EXPECT_EQ(fleet.podsIn(0), 0);
  EXPECT_EQ(fleet.readyIn(1), 4000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, AnOperatorKilledAtAnyMomentOfAHandoverFinishesIt) {
  for (Millis at = 0; at < 4000; at += 50) {
    Fleet fleet(regionsOf(2, 4));
    fleet.cordon(0, true);
    fleet.wait(at);
    fleet.killOperator(0);
    fleet.startOperator(0);
    fleet.wait(12000);
    ASSERT_EQ(fleet.podsIn(0), 0) << at;
    fleet.settle();
    ASSERT_THAT(fleet.violations(), IsEmpty()) << at;
  }
}

TEST(Simulation, OtherSpecsStopRebalancingAndNotFailover) {
  Fleet fleet(regionsOf(3, 6));
  fleet.setUnits(0, 2);
  fleet.wait(8000);
  EXPECT_EQ(fleet.ready(), 6000);
  fleet.kill(2, true);
  fleet.wait(8000);
  EXPECT_GE(fleet.readyIn(0) + fleet.readyIn(1), 6000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, EachOfSeveralDeploymentsIsHandedOver) {
  auto options = regionsOf(3, 6);
  options.deployments = 5;
  Fleet fleet(options);
  fleet.cordon(0, true);
  fleet.wait(8000);
  for (int d = 0; d < options.deployments; ++d) {
    EXPECT_EQ(fleet.podsIn(0, d), 0) << d;
    EXPECT_EQ(fleet.ready(d), 6000) << d;
  }
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, RandomSchedulesViolateNothing) {
  const auto failure = firstFailure(1, 300, Bug::None);
  EXPECT_EQ(failure, -1) << "simulate --replay " << failure;
}

}  // namespace
}  // namespace bailiwick::sim
