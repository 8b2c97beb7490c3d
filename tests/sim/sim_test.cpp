// Schedules of the fleet: those of the protocol's own attacks and of each fault by name, and some
// random ones; `simulate` runs any number of them.

#include <gmock/gmock.h>

#include "sim/schedule.hpp"

namespace bailiwick::sim {
namespace {

using fleet::Health;
using ::testing::IsEmpty;

Options regionsOf(int count, int units) {
  Options options;
  options.regions = count;
  options.units = units;
  options.slots = units + 2;
  return options;
}

// A fleet that is placed and quiet.
class Fleet : public FleetSim {
 public:
  explicit Fleet(const Options& options, std::uint64_t seed = 7) : FleetSim(options, seed) {
    run(9000);
  }
  void wait(Millis time) { run(now() + time); }
  void settle() {
    heal();
    wait(30000);
    checkSettled();
  }
};

TEST(Simulation, AKilledRegionIsTakenOverAndComesBackAfterItsTime) {
  Fleet fleet(regionsOf(2, 4));
  ASSERT_EQ(fleet.shareOf(0), 2000);
  fleet.kill(0, true);
  fleet.wait(2000 + 5000);  // lostAfter, and time to start
  EXPECT_EQ(fleet.readyIn(1), 4000);
  fleet.revive(0);
  fleet.wait(1500);
  EXPECT_EQ(fleet.healthOf(1, 0), Health::Returning);
  EXPECT_EQ(fleet.readyIn(1), 4000);
  fleet.settle();
  EXPECT_EQ(fleet.readyIn(0), 2000);
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

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

TEST(Simulation, OneThatIsCutOffAmongThreeKeepsWhatItHas) {
  Fleet fleet(regionsOf(3, 6));
  fleet.isolate(0);
  fleet.wait(6000);
  EXPECT_EQ(fleet.readyIn(0), 2000);
  EXPECT_EQ(fleet.readyIn(1), 3000);
  EXPECT_EQ(fleet.readyIn(2), 3000);
  fleet.settle();
  EXPECT_EQ(fleet.readyIn(0), 2000);
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, OneThatIsToldToExpandsWhenItIsCutOff) {
  auto options = regionsOf(3, 6);
  options.failover.onIsolation = "Expand";
  Fleet fleet(options);
  fleet.isolate(0);
  fleet.wait(6000);
  EXPECT_EQ(fleet.readyIn(0), 6000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, ARegionThatOneOtherCannotSeeIsTakenOverByThatOneOnly) {
  Fleet fleet(regionsOf(3, 6));
  fleet.cut(1, 0);
  fleet.wait(6000);
  EXPECT_EQ(fleet.healthOf(1, 0), Health::Lost);
  EXPECT_EQ(fleet.healthOf(2, 0), Health::Live);
  EXPECT_GE(fleet.ready(), 6000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, AFlappingLinkMovesNothing) {
  Fleet fleet(regionsOf(2, 4));
  for (int n = 0; n < 20; ++n) {
    fleet.isolate(0, true);
    fleet.wait(900);
    fleet.isolate(0, false);
    fleet.wait(700);
  }
  EXPECT_EQ(fleet.ready(), 4000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, AStoppedOperatorTakesNobodyForLostWhenItContinues) {
  Fleet fleet(regionsOf(3, 6));
  fleet.stopOperator(0, true);
  fleet.wait(2500);
  fleet.stopOperator(0, false);
  fleet.wait(3000);
  EXPECT_EQ(fleet.healthOf(0, 1), Health::Live);
  EXPECT_EQ(fleet.ready(), 6000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, AnOperatorThatIsDownIsSuspectForSixTimesLostAfter) {
  Fleet fleet(regionsOf(2, 4));
  fleet.killOperator(0);
  fleet.wait(11000);
  EXPECT_EQ(fleet.healthOf(1, 0), Health::Suspect);
  EXPECT_EQ(fleet.readyIn(1), 2000);
  fleet.wait(5000);
  EXPECT_EQ(fleet.healthOf(1, 0), Health::Lost);
  EXPECT_EQ(fleet.readyIn(1), 4000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, ARevokedCredentialFreezesAndLosesNobody) {
  Fleet fleet(regionsOf(2, 4));
  fleet.refuse(1, 0);
  fleet.wait(20000);
  EXPECT_EQ(fleet.healthOf(1, 0), Health::Unknown);
  EXPECT_EQ(fleet.readyIn(1), 2000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, EtcdWithoutALeaderIsALossToOthers) {
  Fleet fleet(regionsOf(2, 4));
  fleet.loseQuorum(0, true);
  fleet.wait(7000);
  EXPECT_EQ(fleet.readyIn(1), 4000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
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

TEST(Simulation, AClockAnHourOffAndTwiceAsFastLosesNobody) {
  Fleet fleet(regionsOf(3, 6));
  fleet.setClock(0, 200, -3'600'000);
  fleet.wait(20000);
  for (int p = 1; p < 3; ++p) EXPECT_NE(fleet.healthOf(0, p), Health::Lost);
  EXPECT_EQ(fleet.ready(), 6000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

// Numbers that run backwards for longer than an old view could last are those of a backup.
TEST(Simulation, ARestoredBackupIsBelievedInTheEnd) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Fleet fleet(regionsOf(2, 4), seed);
    fleet.kill(0, true);
    fleet.wait(6000);
    fleet.revive(0);
    fleet.setClock(1, 100, -3'600'000);
    fleet.restoreBackup(1, 7000);
    fleet.wait(3000);
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

TEST(Simulation, TwoKillsOneAfterTheOtherAreSurvived) {
  Fleet fleet(regionsOf(3, 3));
  fleet.kill(0, true);
  fleet.wait(2500);
  fleet.kill(1, true);
  fleet.wait(9000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, AnOperatorKilledAtAnyMomentOfAFailoverFinishesIt) {
  for (Millis at = 0; at < 6000; at += 100) {
    Fleet fleet(regionsOf(2, 4));
    fleet.kill(0, true);
    fleet.wait(at);
    fleet.killOperator(1);
    fleet.startOperator(1);
    fleet.wait(9000);
    ASSERT_EQ(fleet.readyIn(1), 4000) << at;
    fleet.settle();
    ASSERT_THAT(fleet.violations(), IsEmpty()) << at;
  }
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

TEST(Simulation, SixtyRegionsShareADeployment) {
  auto options = regionsOf(60, 60);
  options.slots = 2;
  Fleet fleet(options);
  EXPECT_EQ(fleet.ready(), 60000);
  fleet.kill(3, true);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, RandomSchedulesViolateNothing) {
  const auto failure = firstFailure(1, 300, Bug::None);
  EXPECT_EQ(failure, -1) << "simulate --replay " << failure;
}

}  // namespace
}  // namespace bailiwick::sim
