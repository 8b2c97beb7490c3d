#include "route/admission.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Instant start{1000s};

Limits limits(int inFlight, int queued, int perKey = 64) {
  Limits result;
  result.maxInFlight = inFlight;
  result.maxQueued = queued;
  result.maxInFlightPerKey = perKey;
  return result;
}

TEST(Admission, QueuesWhatFindsNoPlaceAndRefusesWhatFindsNoQueue) {
  Admission admission(limits(1, 1));
  const auto first = admission.arrive("", start);
  EXPECT_TRUE(first.admitted);
  const auto second = admission.arrive("", start);
  EXPECT_FALSE(second.admitted);
  EXPECT_FALSE(second.refused);
  const auto third = admission.arrive("", start);
  ASSERT_TRUE(third.refused);
  EXPECT_EQ(third.refused->code, Code::OverLimit);
  EXPECT_EQ(admission.inFlight(), 1);
  EXPECT_EQ(admission.queued(), 1);

  EXPECT_THAT(admission.leave(first.ticket, start + 1s), ElementsAre(second.ticket));
  EXPECT_EQ(admission.inFlight(), 1);
  EXPECT_EQ(admission.queued(), 0);
  EXPECT_THAT(admission.leave(second.ticket, start + 2s), IsEmpty());
  EXPECT_EQ(admission.inFlight(), 0);
}

TEST(Admission, LetsTheLongestWaitingInFirst) {
  Admission admission(limits(2, 9));
  const auto a = admission.arrive("", start), b = admission.arrive("", start);
  const auto c = admission.arrive("", start), d = admission.arrive("", start);
  EXPECT_THAT(admission.leave(b.ticket, start), ElementsAre(c.ticket));
  EXPECT_THAT(admission.leave(a.ticket, start), ElementsAre(d.ticket));
}

TEST(Admission, EndsWaitingAtItsDeadline) {
  Admission admission(limits(1, 9));
  const auto a = admission.arrive("", start);
  EXPECT_FALSE(admission.nextDeadline());
  const auto b = admission.arrive("", start), c = admission.arrive("", start + 1s);
  EXPECT_EQ(admission.nextDeadline(), start + 5s);
  EXPECT_THAT(admission.expire(start + 4999ms), IsEmpty());
  EXPECT_THAT(admission.expire(start + 5s), ElementsAre(b.ticket));
  EXPECT_EQ(admission.nextDeadline(), start + 6s);
  EXPECT_EQ(admission.expired().code, Code::OverLimit);
  EXPECT_THAT(admission.leave(a.ticket, start + 5s), ElementsAre(c.ticket));
}

TEST(Admission, ForgetsWhoGivesUpWaiting) {
  Admission admission(limits(1, 9, 2));
  const auto a = admission.arrive("k", start), b = admission.arrive("k", start);
  EXPECT_TRUE(admission.arrive("k", start).refused);
  EXPECT_THAT(admission.leave(b.ticket, start), IsEmpty());
  EXPECT_EQ(admission.inFlight(), 1);
  EXPECT_EQ(admission.queued(), 0);
  EXPECT_FALSE(admission.arrive("k", start).refused);
  admission.leave(b.ticket, start);  // told twice
  EXPECT_EQ(admission.inFlight(), 1);
  admission.leave(a.ticket, start);
}

TEST(Admission, HasNoQueueWhereWaitingIsOff) {
  Limits off = limits(1, 9);
  off.queueTimeout = 0s;
  Admission admission(off);
  admission.arrive("", start);
  EXPECT_TRUE(admission.arrive("", start).refused);
}

TEST(Admission, BoundsEachKeyByWhatItHasInFlightAndQueued) {
  Admission admission(limits(2, 9, 3));
  const auto a = admission.arrive("ann", start);
  admission.arrive("ann", start);
  admission.arrive("ann", start);  // waits
  EXPECT_EQ(admission.queued(), 1);
  const auto refused = admission.arrive("ann", start);
  ASSERT_TRUE(refused.refused);
  EXPECT_THAT(refused.refused->message, ::testing::HasSubstr("3 requests"));
  EXPECT_FALSE(admission.arrive("bob", start).refused);
  EXPECT_FALSE(admission.arrive("", start).refused);
  admission.leave(a.ticket, start);
  EXPECT_FALSE(admission.arrive("ann", start).refused);
}

TEST(Admission, GivesBackAKeysPlaceWhenItsWaitingEnds) {
  Admission admission(limits(1, 9, 2));
  admission.arrive("ann", start);
  admission.arrive("ann", start);
  EXPECT_TRUE(admission.arrive("ann", start).refused);
  admission.expire(start + 5s);
  EXPECT_FALSE(admission.arrive("ann", start + 5s).refused);
}

TEST(Admission, SaysWhenToComeBackByHowFastRequestsGo) {
  Admission slow(limits(1, 0));
  for (int i = 0; i < 100; ++i) slow.leave(slow.arrive("", start).ticket, start + 30s);
  slow.arrive("", start);
  EXPECT_EQ(slow.arrive("", start).refused->retryAfter, 30s);

  Admission fast(limits(1, 0));
  for (int i = 0; i < 100; ++i) fast.leave(fast.arrive("", start).ticket, start + 10ms);
  fast.arrive("", start);
  EXPECT_EQ(fast.arrive("", start).refused->retryAfter, 1s);

  Admission never(limits(1, 0));
  for (int i = 0; i < 100; ++i) never.leave(never.arrive("", start).ticket, start + 9999s);
  never.arrive("", start);
  EXPECT_EQ(never.arrive("", start).refused->retryAfter, 60s);
}

}  // namespace
}  // namespace bailiwick::sidecar
