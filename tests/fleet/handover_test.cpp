#include "fleet/handover.hpp"

#include <gtest/gtest.h>

#include "fleet/fixture.hpp"

namespace bailiwick::testing {
namespace {

using fleet::Counts;
using fleet::Handover;
using fleet::Mono;

// Four units, one variant; what is published follows what is asked for at once.
class Course {
 public:
  Handover::Next next(int target, api::Units peersHold) {
    fleet::HandoverInput input{spec, Counts{target}, published, running, ready, peersHold,
                               counted, position, mayShrink};
    auto next = handover.next(input, now);
    published = next.publish;
    return next;
  }
  api::ModelDeploymentSpec spec = wanting(4);
  Counts published{4}, running{4}, ready{4};
  std::vector<std::string> counted{"zrh"};
  int position = 0;
  bool mayShrink = true;
  Mono now{1000};
  Handover handover;
};

TEST(Handover, PublishesThenAsksAndRunsOnUntilAnswered) {
  Course course;
  auto next = course.next(2, 2000);
  EXPECT_EQ(next.publish, Counts{2});
  EXPECT_EQ(next.run, Counts{4});
  EXPECT_EQ(next.units, 4000);
  EXPECT_FALSE(next.inquiry) << "it is not published yet";
  next = course.next(2, 2000);
  ASSERT_TRUE(next.inquiry);
  EXPECT_EQ(next.run, Counts{4});
  EXPECT_EQ(next.inquiry->peers, std::vector<std::string>{"zrh"});
}

TEST(Handover, GivesUpWhenTheOthersHoldTheRest) {
  Course course;
  course.next(2, 2000);
  const auto ticket = course.next(2, 2000).inquiry->ticket;
  course.handover.answered({ticket, 2000}, course.now);
  const auto next = course.next(2, 2000);
  EXPECT_EQ(next.run, Counts{2});
  EXPECT_EQ(next.publish, Counts{2});
  EXPECT_EQ(next.units, 2000);
  EXPECT_FALSE(next.inquiry);
}

TEST(Handover, WhatCouldNotGoAtOnceIsAskedAgainOnceWhoAnsweredMayNotBeCountedOn) {
  Course course;
  course.next(2, 2000);
  const auto ticket = course.next(2, 2000).inquiry->ticket;
  course.handover.answered({ticket, 2000}, course.now);
  EXPECT_EQ(course.next(2, 2000).run, Counts{2}) << "and four still run";
  course.counted = {};
  auto next = course.next(2, 0);
  EXPECT_EQ(next.run, Counts{4});
  EXPECT_EQ(next.publish, Counts{4});
  course.counted = {"zrh"};
  course.next(2, 2000);
  next = course.next(2, 2000);
  EXPECT_EQ(next.run, Counts{4});
  ASSERT_TRUE(next.inquiry);
  EXPECT_NE(next.inquiry->ticket, ticket);
}

TEST(Handover, WhatHasGoneDoesNotComeBackBecauseWhoAnsweredWentToo) {
  Course course;
  course.next(2, 2000);
  const auto ticket = course.next(2, 2000).inquiry->ticket;
  course.handover.answered({ticket, 2000}, course.now);
  course.running = course.ready = {2};
  EXPECT_EQ(course.next(2, 2000).run, Counts{2});
  course.running = course.ready = {3};  // a replacement beside what it replaces
  course.counted = {};
  EXPECT_EQ(course.next(2, 0).run, Counts{2});
}

TEST(Handover, TakesThePromiseBackWhenTheyDoNotAndTriesAgainLater) {
  Course course;
  course.next(2, 2000);
  const auto ticket = course.next(2, 2000).inquiry->ticket;
  course.handover.answered({ticket, 1999}, course.now);
  auto next = course.next(2, 2000);
  EXPECT_EQ(next.publish, Counts{4});
  EXPECT_EQ(next.run, Counts{4});
  ASSERT_TRUE(next.wakeAt);
  course.now = *next.wakeAt;
  next = course.next(2, 2000);
  EXPECT_EQ(next.publish, Counts{2});
}

TEST(Handover, RestsLongerEachTimeAndTheHigherRankLongerStill) {
  const auto rest = [](int position, int attempts) {
    Course course;
    course.position = position;
    Mono rested{};
    for (int n = 0; n < attempts; ++n) {
      course.next(2, 2000);
      const auto ticket = course.next(2, 2000).inquiry->ticket;
      course.handover.answered({ticket, 0}, course.now);
      const auto until = *course.next(2, 2000).wakeAt;
      rested = until - course.now;
      course.now = until;
    }
    return rested;
  };
  EXPECT_LT(rest(0, 1), rest(0, 2));
  EXPECT_LT(rest(0, 1), rest(1, 1));
  EXPECT_LE(rest(0, 20), Mono(8000));
}

TEST(Handover, AnAnswerToAnotherTicketSaysNothing) {
  Course course;
  course.next(2, 2000);
  const auto ticket = course.next(2, 2000).inquiry->ticket;
  course.handover.answered({ticket + 1, 4000}, course.now);
  EXPECT_EQ(course.next(2, 2000).run, Counts{4});
}

TEST(Handover, IsNotTriedWhileItWouldBeInVain) {
  Course course;
  const auto next = course.next(2, 1000);
  EXPECT_EQ(next.publish, Counts{4});
}

TEST(Handover, GrowingNeedsNobodysLeave) {
  Course course;
  course.published = course.running = course.ready = {1};
  const auto next = course.next(4, 0);
  EXPECT_EQ(next.run, Counts{4});
  EXPECT_EQ(next.publish, Counts{4});
}

TEST(Handover, WhatIsWantedHereAgainIsNotGivenUp) {
  Course course;
  course.next(2, 2000);
  const auto ticket = course.next(2, 2000).inquiry->ticket;
  course.next(4, 0);
  course.handover.answered({ticket, 4000}, course.now);
  const auto next = course.next(4, 0);
  EXPECT_EQ(next.run, Counts{4});
  EXPECT_EQ(next.publish, Counts{4});
}

TEST(Handover, AfterARestartWhatRunsBeyondThePromiseIsAskedAgain) {
  Course course;
  course.published = {2};
  const auto next = course.next(2, 2000);
  EXPECT_EQ(next.run, Counts{4});
  ASSERT_TRUE(next.inquiry);
  course.handover.answered({next.inquiry->ticket, 0}, course.now);
  EXPECT_EQ(course.next(2, 2000).publish, Counts{4});
}

TEST(Handover, OnesOwnReplicasThatAreNotReadyDoNotCount) {
  Course course;
  course.ready = {1};
  EXPECT_EQ(course.next(2, 2000).publish, Counts{4}) << "one of the two that stay is not Ready";
}

TEST(Handover, NothingIsGivenUpWhileItMayNot) {
  Course course;
  course.next(2, 2000);
  course.mayShrink = false;
  const auto next = course.next(2, 2000);
  EXPECT_EQ(next.publish, Counts{4});
  EXPECT_FALSE(next.inquiry);
}

TEST(Handover, AVariantThatLeavesTheSpecIsStillWorthItsUnits) {
  Course course;
  course.next(4, 0);
  auto changed = course.spec;
  changed.variants[0].name = "other";
  fleet::HandoverInput input{changed, Counts{0}, Counts{0}, Counts{0}, Counts{0}, 0, {}, 0, true};
  EXPECT_EQ(course.handover.next(input, course.now).units, 4000);
}

TEST(Handover, AProcessThatBeginsCountsWhatServesOfAVariantThatLeftTheSpec) {
  Course course;
  fleet::HandoverInput input{course.spec, Counts{2}, Counts{2}, Counts{2}, Counts{0}, 0, {}, 0, true, 4000};
  auto next = course.handover.next(input, course.now);
  EXPECT_EQ(next.units, 4000) << "not more than is wanted";
  EXPECT_EQ(next.run, Counts{2});
  input.ready = {2};
  input.peersHold = 2000;
  input.counted = {"zrh"};
  next = course.handover.next(input, course.now);
  ASSERT_TRUE(next.inquiry);
  course.handover.answered({next.inquiry->ticket, 2000}, course.now);
  EXPECT_EQ(course.handover.next(input, course.now).units, 2000);
}

TEST(Handover, WhatHasBecomeWorthMoreIsGivenUpByAsking) {
  Course course;
  course.running = course.ready = course.published = {2};
  course.spec.variants[0].capacity = 2000;
  course.spec.replicas = 8;
  EXPECT_EQ(course.next(2, 0).units, 4000);
  course.spec.variants[0].capacity = 4000;
  const auto next = course.next(1, 4000);  // of eight units the peers hold half
  EXPECT_EQ(next.run, Counts{2});
  EXPECT_EQ(next.units, 8000);
}

}  // namespace
}  // namespace bailiwick::testing
