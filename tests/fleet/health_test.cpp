#include "fleet/health.hpp"

#include <gtest/gtest.h>

namespace bailiwick::fleet {
namespace {

using std::chrono::milliseconds;

constexpr Thresholds thresholds{milliseconds(1000), milliseconds(2000), milliseconds(5000)};

// Looks every 250 ms.
class Watch {
 public:
  Judgement see(Look look, int millis) {
    for (int passed = 0; passed < millis; passed += 250) {
      now_ += Mono(250);
      sightings_.look(look, now_);
      standing_.update(sightings_, thresholds, cordoned_, now_);
    }
    return standing_.judgement();
  }
  Judgement sleep(int millis) {
    now_ += Mono(millis);
    return standing_.update(sightings_, thresholds, cordoned_, now_);
  }
  void restart(Health told, milliseconds ago) {
    sightings_ = Sightings(now_);
    standing_ = Standing::remembered(told, ago, now_);
  }
  void cordon(bool cordoned) { cordoned_ = cordoned; }
  const Sightings& sightings() const { return sightings_; }
  Mono now() const { return now_; }
  const Standing& standing() const { return standing_; }

 private:
  Mono now_{1'000'000};
  Sightings sightings_{now_};
  Standing standing_;
  bool cordoned_ = false;
};

TEST(Health, IsUnknownUntilTheHeartbeatIsSeen) {
  Watch watch;
  EXPECT_EQ(watch.sleep(100), (Judgement{Health::Unknown, Why::NotSeenYet}));
  EXPECT_EQ(watch.see(Look::Changed, 250).health, Health::Live);
}

TEST(Health, SilenceIsSuspectAndThenLost) {
  Watch watch;
  watch.see(Look::Changed, 500);
  EXPECT_EQ(watch.see(Look::Unreachable, 750).health, Health::Live);
  EXPECT_EQ(watch.see(Look::Unreachable, 250), (Judgement{Health::Suspect, Why::Unreachable}));
  EXPECT_EQ(watch.see(Look::Unreachable, 750).health, Health::Suspect);
  EXPECT_EQ(watch.see(Look::Unreachable, 250), (Judgement{Health::Lost, Why::Unreachable, true}));
}

TEST(Health, WhoWasNeverSeenIsLostAfterTheSameTime) {
  Watch watch;
  EXPECT_EQ(watch.see(Look::Unreachable, 1750).health, Health::Unknown);
  EXPECT_EQ(watch.see(Look::Unreachable, 250).health, Health::Lost);
}

TEST(Health, AnApiThatAnswersWithoutAHeartbeatIsSuspectForSixTimesLostAfter) {
  Watch watch;
  watch.see(Look::Changed, 500);
  EXPECT_EQ(watch.see(Look::Stale, 11750), (Judgement{Health::Suspect, Why::OperatorDown}));
  EXPECT_EQ(watch.see(Look::Stale, 250).health, Health::Lost);
}

TEST(Health, WhenTheApiGoesToItIsLostAfterLostAfter) {
  Watch watch;
  watch.see(Look::Changed, 500);
  watch.see(Look::Stale, 5000);
  EXPECT_EQ(watch.see(Look::Unreachable, 1750).health, Health::Suspect);
  EXPECT_EQ(watch.see(Look::Unreachable, 250).health, Health::Lost);
}

TEST(Health, ARefusalFreezesAndNeverLoses) {
  Watch watch;
  watch.see(Look::Changed, 500);
  EXPECT_EQ(watch.see(Look::Refused, 60000), (Judgement{Health::Unknown, Why::CredentialRefused}));
  EXPECT_EQ(watch.see(Look::Unreachable, 60000).health, Health::Unknown);
  EXPECT_EQ(watch.see(Look::Changed, 250).health, Health::Live);
}

TEST(Health, WhoCannotBeAskedIsFrozenAndIsNoAnswer) {
  Watch watch;
  watch.see(Look::Changed, 500);
  EXPECT_EQ(watch.see(Look::NotAsked, 60000), (Judgement{Health::Unknown, Why::CredentialRefused}));
  EXPECT_FALSE(watch.sightings().answers(thresholds, watch.now()));
  watch.see(Look::Refused, 250);
  EXPECT_TRUE(watch.sightings().answers(thresholds, watch.now()));
}

TEST(Health, TheTimeOfARefusalIsNoSilence) {
  Watch watch;
  watch.see(Look::Changed, 500);
  watch.see(Look::Refused, 60000);
  EXPECT_NE(watch.see(Look::Stale, 250).health, Health::Lost);
}

TEST(Health, AnotherClusterUnderTheNameIsSilenceOfTheOneThatWeKnow) {
  Watch watch;
  watch.see(Look::Changed, 500);
  EXPECT_EQ(watch.see(Look::OtherCluster, 2000),
            (Judgement{Health::Lost, Why::OtherCluster, true}));
}

TEST(Health, OnesOwnSleepIsNobodysSilence) {
  Watch watch;
  watch.see(Look::Changed, 500);
  EXPECT_NE(watch.sleep(3'600'000).health, Health::Lost);
  EXPECT_EQ(watch.see(Look::Changed, 250).health, Health::Live);
}

TEST(Health, WhoWasLostReturnsForFailbackAfter) {
  Watch watch;
  watch.see(Look::Changed, 500);
  watch.see(Look::Unreachable, 2000);
  EXPECT_EQ(watch.see(Look::Changed, 250),
            (Judgement{Health::Returning, Why::FailbackPending, true}));
  EXPECT_EQ(watch.see(Look::Changed, 4750).health, Health::Returning);
  EXPECT_EQ(watch.see(Look::Changed, 250), (Judgement{Health::Live, Why::HeartbeatSeen}));
}

TEST(Health, WhoWasSuspectIsKnownToBeAliveAgain) {
  Watch watch;
  watch.see(Look::Changed, 5000);
  EXPECT_EQ(watch.standing().aliveAgainSince(), std::nullopt);
  watch.see(Look::Unreachable, 1250);
  EXPECT_EQ(watch.standing().aliveAgainSince(), std::nullopt);
  watch.see(Look::Changed, 250);
  const auto since = watch.now();
  watch.see(Look::Changed, 750);
  watch.see(Look::Stale, 750);
  watch.see(Look::Changed, 250);
  EXPECT_EQ(watch.standing().aliveAgainSince(), since) << "a moment's silence is no break";
}

TEST(Health, AnApiWithoutAHeartbeatBringsNothingBack) {
  Watch watch;
  watch.see(Look::Changed, 500);
  watch.see(Look::Unreachable, 2000);
  EXPECT_EQ(watch.see(Look::Stale, 1000).health, Health::Lost);
}

TEST(Health, AWindowDoesNotEndWhileItIsSuspect) {
  Watch watch;
  watch.see(Look::Changed, 500);
  watch.see(Look::Unreachable, 2000);
  watch.see(Look::Changed, 4000);
  EXPECT_EQ(watch.see(Look::Stale, 3000).health, Health::Returning);
  EXPECT_EQ(watch.see(Look::Changed, 250).health, Health::Live);
}

TEST(Health, ARestartForgetsNeitherALossNorAReturn) {
  Watch watch;
  watch.restart(Health::Lost, milliseconds(60000));
  EXPECT_TRUE(watch.sleep(100).out);
  EXPECT_EQ(watch.see(Look::Changed, 250).health, Health::Returning);

  watch.restart(Health::Returning, milliseconds(3000));
  watch.see(Look::Changed, 250);
  EXPECT_EQ(watch.see(Look::Changed, 1500).health, Health::Returning);
  EXPECT_EQ(watch.see(Look::Changed, 500).health, Health::Live);
}

TEST(Health, AClockThatRanBackwardsMakesNoReturnLonger) {
  Watch watch;
  watch.restart(Health::Returning, milliseconds(-3'600'000));
  EXPECT_EQ(watch.see(Look::Changed, 5250).health, Health::Live);
}

TEST(Health, WhoIsRefusedAfterALossIsStillNotCountedOn) {
  Watch watch;
  watch.see(Look::Changed, 500);
  watch.see(Look::Unreachable, 2000);
  const auto judged = watch.see(Look::Refused, 250);
  EXPECT_EQ(judged.health, Health::Unknown);
  EXPECT_TRUE(judged.out);
}

TEST(Health, ACordonShowsOnWhoIsLiveOnly) {
  Watch watch;
  watch.cordon(true);
  EXPECT_EQ(watch.see(Look::Changed, 500).health, Health::Cordoned);
  EXPECT_EQ(watch.see(Look::Unreachable, 1000).health, Health::Suspect);
}

TEST(Health, TellsWhenTimeAloneWillChangeIt) {
  Watch watch;
  watch.see(Look::Changed, 500);
  EXPECT_EQ(watch.sightings().changesAt(thresholds, watch.now()), watch.now() + Mono(1000));
  watch.see(Look::Unreachable, 1000);
  EXPECT_EQ(watch.sightings().changesAt(thresholds, watch.now()), watch.now() + Mono(1000));
}

TEST(Health, AnswersOnlyWhoEverAnswered) {
  Sightings sightings(Mono(0));
  EXPECT_FALSE(sightings.answers(thresholds, Mono(10)));
  sightings.look(Look::Refused, Mono(20));
  EXPECT_TRUE(sightings.answers(thresholds, Mono(30)));
}

TEST(Health, IsSpelledAsStatusSpellsIt) {
  for (const auto health : {Health::Unknown, Health::Live, Health::Suspect, Health::Lost,
                            Health::Returning, Health::Cordoned}) {
    EXPECT_EQ(healthNamed(nameOf(health)), health);
  }
  EXPECT_FALSE(healthNamed("Fine"));
}

}  // namespace
}  // namespace bailiwick::fleet
