// Each fault by name.

#include <gmock/gmock.h>

#include "sim/fixture.hpp"

namespace bailiwick::sim {
namespace {

using fleet::Health;
using ::testing::IsEmpty;

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

TEST(Simulation, AHealedPartitionLeavesExactlyOneSet) {
  Fleet fleet(regionsOf(3, 6));
  fleet.isolate(0);
  fleet.wait(6000);
  ASSERT_EQ(fleet.ready(), 8000);
  fleet.isolate(0, false);
  fleet.wait(12000);
  EXPECT_EQ(fleet.ready(), 6000);
  EXPECT_EQ(fleet.readyIn(0), 2000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

// Its heartbeats come late, but they come; only what must be read at once cannot be.
TEST(Simulation, ASlowLinkLosesNobodyAndIsNoGroundToGiveUp) {
  Fleet fleet(regionsOf(2, 4));
  for (const int r : {0, 1}) fleet.slow(r, 1 - r, 2200);
  fleet.wait(10000);
  EXPECT_EQ(fleet.healthOf(0, 1), Health::Live);
  EXPECT_EQ(fleet.ready(), 4000);
  fleet.cordon(0, true);
  fleet.wait(8000);
  EXPECT_EQ(fleet.readyIn(1), 4000);
  EXPECT_EQ(fleet.readyIn(0), 2000) << "nobody could be read in time";
  for (const int r : {0, 1}) fleet.slow(r, 1 - r, 0);
  fleet.wait(12000);
  EXPECT_EQ(fleet.podsIn(0), 0);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, AFullDiskIsNoLossForSixTimesLostAfter) {
  Fleet fleet(regionsOf(2, 4));
  fleet.fillDisk(0, true);
  fleet.wait(11000);
  EXPECT_EQ(fleet.healthOf(1, 0), Health::Suspect);
  EXPECT_EQ(fleet.readyIn(0), 2000);
  EXPECT_EQ(fleet.readyIn(1), 2000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

// zrh says that all is Ready, and nobody is answered there.
TEST(Simulation, NothingIsGivenUpForWhatDoesNotAnswerThroughItsGateway) {
  Fleet fleet(regionsOf(2, 4));
  fleet.loseGateway(1, true);
  fleet.cordon(0, true);
  fleet.wait(10000);
  EXPECT_EQ(fleet.readyIn(1), 4000);
  EXPECT_EQ(fleet.readyIn(0), 2000);
  fleet.loseGateway(1, false);
  fleet.wait(15000);
  EXPECT_EQ(fleet.podsIn(0), 0);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, AnUpgradeOfOneRegionAtATimeMovesNothing) {
  Fleet fleet(regionsOf(3, 6));
  const auto before = fleet.lastChange();
  for (int r = 0; r < 3; ++r) {
    fleet.upgradeOperator(r);
    fleet.wait(4000);
    EXPECT_EQ(fleet.ready(), 6000) << r;
  }
  EXPECT_EQ(fleet.lastChange(), before);
  fleet.cordon(0, true);
  fleet.wait(8000);
  EXPECT_EQ(fleet.podsIn(0), 0);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

void expectNoLossThrough(Millis stopped) {
  Fleet fleet(regionsOf(3, 6));
  fleet.stopOperator(0, true);
  fleet.wait(stopped);
  fleet.stopOperator(0, false);
  fleet.wait(3000);
  EXPECT_EQ(fleet.healthOf(0, 1), Health::Live);
  EXPECT_EQ(fleet.ready(), 6000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

// Another process takes over, and begins with what status says.
TEST(Simulation, AnOperatorStoppedPastItsLeaseIsReplacedWithoutALoss) {
  expectNoLossThrough(5000);
}

TEST(Simulation, AStoppedOperatorTakesNobodyForLostWhenItContinues) {
  expectNoLossThrough(2500);
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

TEST(Simulation, AReplacedCredentialThawsWithoutALoss) {
  Fleet fleet(regionsOf(2, 4));
  fleet.refuse(1, 0);
  fleet.wait(10000);
  fleet.refuse(1, 0, false);
  fleet.wait(1000);
  EXPECT_EQ(fleet.healthOf(1, 0), Health::Live);
  fleet.wait(3000);
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

TEST(Simulation, TwoKillsOneAfterTheOtherAreSurvived) {
  Fleet fleet(regionsOf(3, 3));
  fleet.kill(0, true);
  fleet.wait(2500);
  fleet.kill(1, true);
  fleet.wait(9000);
  fleet.settle();
  EXPECT_THAT(fleet.violations(), IsEmpty());
}

TEST(Simulation, AControlPlaneKilledAtAnyMomentOfAFailoverFinishesIt) {
  for (Millis at = 0; at < 6000; at += 100) {
    Fleet fleet(regionsOf(3, 6));
    fleet.kill(0, true);
    fleet.wait(at);
    fleet.kill(1, false);
    fleet.wait(500);
    fleet.revive(1);
    fleet.wait(9000);
    ASSERT_EQ(fleet.readyIn(1) + fleet.readyIn(2), 6000) << at;
    fleet.settle();
    ASSERT_THAT(fleet.violations(), IsEmpty()) << at;
  }
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

}  // namespace
}  // namespace bailiwick::sim
