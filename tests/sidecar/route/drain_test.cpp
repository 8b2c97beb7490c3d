#include "route/drain.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

using namespace std::chrono_literals;

const Instant start{1000s};

Drain drain(std::chrono::milliseconds lameDuck = 5s) {
  return Drain({10min, lameDuck, "/t"});
}

TEST(Drain, AdmitsForTheLameDuckTimeAndFailsItsReadinessAtOnce) {
  Drain d = drain();
  EXPECT_TRUE(d.ready());
  EXPECT_FALSE(d.deadline());
  d.started();
  d.begin(start);
  EXPECT_FALSE(d.ready());
  EXPECT_TRUE(d.admits());
  EXPECT_EQ(d.deadline(), start + 5s);
  d.tick(start + 4999ms);
  EXPECT_TRUE(d.admits());
  d.started();
  d.tick(start + 5s);
  EXPECT_FALSE(d.admits());
  EXPECT_EQ(d.state(), DrainState::Draining);
  EXPECT_EQ(d.report().inFlightAtDrain, 2);
  EXPECT_EQ(d.deadline(), start + 5s + 10min);
}

TEST(Drain, CountsWhatIsInFlightAndHowItEnds) {
  Drain d = drain();
  for (int i = 0; i < 4; ++i) d.started();
  d.ended(Ending::Cut);  // before the drain: not in its report
  d.begin(start);
  d.ended(Ending::Completed);  // during the lame-duck time: neither
  d.tick(start + 5s);
  d.ended(Ending::Completed);
  EXPECT_EQ(d.state(), DrainState::Draining);
  d.ended(Ending::Cut);
  EXPECT_EQ(d.state(), DrainState::Drained);
  EXPECT_EQ(d.report(), (DrainReport{2, 1, 1}));
  EXPECT_EQ(d.report().json(), R"({"inFlightAtDrain":2,"completed":1,"cut":1})");
  EXPECT_FALSE(d.deadline());
}

TEST(Drain, OfAnIdleSidecarLastsAsLongAsEndpointsLag) {
  Drain d = drain();
  d.begin(start);
  d.tick(start + 1s);
  EXPECT_EQ(d.state(), DrainState::LameDuck);
  d.tick(start + 6s);
  EXPECT_EQ(d.state(), DrainState::Drained);
  EXPECT_EQ(d.report().json(), R"({"inFlightAtDrain":0,"completed":0,"cut":0})");
}

TEST(Drain, CutsWhatIsLeftAtTheTimeout) {
  Drain d = drain();
  d.started();
  d.started();
  d.begin(start);
  EXPECT_FALSE(d.mustCut(start + 1h)) << "the lame-duck time has not been ended";
  d.tick(start + 5s);
  EXPECT_FALSE(d.mustCut(start + 5s + 10min - 1ms));
  EXPECT_TRUE(d.mustCut(start + 5s + 10min));
  d.ended(Ending::Cut);
  d.ended(Ending::Cut);
  EXPECT_FALSE(d.mustCut(start + 1h));
  EXPECT_EQ(d.report(), (DrainReport{2, 0, 2}));
}

TEST(Drain, RefusesAtOnceOnASigtermThatNoDrainCameBefore) {
  Drain d = drain();
  d.started();
  d.terminate(start);
  EXPECT_FALSE(d.ready());
  EXPECT_FALSE(d.admits());
  EXPECT_EQ(d.report().inFlightAtDrain, 1);
  EXPECT_EQ(d.deadline(), start + 10min);
  d.ended(Ending::Completed);
  EXPECT_EQ(d.state(), DrainState::Drained);
}

TEST(Drain, EndsAtOnceOnASigtermWithNothingInFlight) {
  Drain d = drain();
  d.terminate(start);
  EXPECT_EQ(d.state(), DrainState::Drained);
}

TEST(Drain, IsNotChangedByWhatComesAfterItsBegin) {
  Drain d = drain();
  d.started();
  d.begin(start);
  d.begin(start + 3s);
  d.terminate(start + 4s);
  EXPECT_EQ(d.state(), DrainState::LameDuck);
  EXPECT_EQ(d.deadline(), start + 5s);
  d.tick(start + 5s);
  d.begin(start + 6s);
  d.terminate(start + 6s);
  EXPECT_EQ(d.deadline(), start + 5s + 10min);
}

TEST(Drain, WithoutLameDuckTimeCountsAtOnce) {
  Drain d = drain(0ms);
  d.started();
  d.begin(start);
  EXPECT_EQ(d.state(), DrainState::Draining);
  EXPECT_EQ(d.report().inFlightAtDrain, 1);
}

TEST(Drain, MeasuresItsTimeoutFromTheEndOfTheLameDuckTimeHoweverLateItIsTold) {
  Drain d = drain();
  d.started();
  d.begin(start);
  d.tick(start + 8s);
  EXPECT_EQ(d.deadline(), start + 5s + 10min);
}

}  // namespace
}  // namespace bailiwick::sidecar
