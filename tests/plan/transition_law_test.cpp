#include "plan/transition.hpp"

#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using api::names::unlawfulSince;

// n1 holds a replica and has left the class; n2 is lawful.
struct Moved {
  Cluster c;
  api::Pod* old = nullptr;
  Moved() {
    c.add(h200Node("n1")).add(assistant().variant(h200()));
    old = &c.run("h200", "n1");
    c.workload("h200", 1);
    c.node("n1").meta.labels.erase("data-residency.bailiwick.dev/eu-personal");
  }
  plan::Plan plan;
  plan::Step step() {
    plan = c.plan();
    return c.step(plan);
  }
};

TEST(Transition, AddsTheReplacementFirst) {
  Moved m;
  m.c.add(h200Node("n2"));
  const auto step = m.step();
  EXPECT_EQ(step.replicas.at("h200"), 2);
  ASSERT_EQ(step.marks.size(), 1u);
  EXPECT_EQ(step.marks.front().pod, m.old);
  EXPECT_FALSE(step.marks.front().remove);
  EXPECT_EQ(step.marks.front().unlawfulSince, m.c.now);
}

TEST(Transition, MarksTheVictimBeforeItLowersTheCount) {
  Moved m;
  m.c.add(h200Node("n2"));
  m.c.run("h200", "n2");
  m.c.workload("h200", 2);
  auto step = m.step();
  EXPECT_EQ(step.replicas.at("h200"), 2);
  ASSERT_EQ(step.marks.size(), 1u);
  EXPECT_TRUE(step.marks.front().remove);
  markFor(*m.old);
  m.old->meta.annotations.set(unlawfulSince, api::formatTime(m.c.now));
  step = m.step();
  EXPECT_EQ(step.replicas.at("h200"), 1);
  EXPECT_TRUE(step.marks.empty());
  m.c.workload("h200", 1).observedGeneration = 0;
  EXPECT_EQ(m.step().replicas.at("h200"), 1) << "the same until the pod is gone";
}

TEST(Transition, WaitsUntilTheReplacementIsReady) {
  Moved m;
  m.c.add(h200Node("n2"));
  m.c.run("h200", "n2").ready = false;
  m.c.workload("h200", 2);
  markFor(*m.old);
  const auto step = m.step();
  EXPECT_EQ(step.replicas.at("h200"), 2);
  ASSERT_EQ(step.marks.size(), 1u);
  EXPECT_FALSE(step.marks.front().remove) << "the mark is cleared: it need not go yet";
}

TEST(Transition, ClearsMarksOfWhatIsLawfulAgain) {
  Moved m;
  m.old->meta.annotations.set(unlawfulSince, api::formatTime(m.c.now));
  markFor(*m.old);
  m.c.node("n1").meta.labels.set("data-residency.bailiwick.dev/eu-personal", "true");
  const auto step = m.step();
  ASSERT_EQ(step.marks.size(), 1u);
  EXPECT_FALSE(step.marks.front().remove);
  EXPECT_FALSE(step.marks.front().unlawfulSince);
  EXPECT_EQ(step.replicas.at("h200"), 1);
}

TEST(Transition, StopsWhatIsUnlawfulAfterTheDrainTimeoutWhereNothingElseIsToCome) {
  Moved m;
  m.old->meta.annotations.set(unlawfulSince, api::formatTime(m.c.now));
  EXPECT_EQ(m.step().wakeAt, m.c.now + 10min);
  EXPECT_EQ(m.step().replicas.at("h200"), 1);
  m.c.now += 10min;
  const auto step = m.step();
  EXPECT_TRUE(step.marks.front().remove);
  EXPECT_EQ(step.replicas.at("h200"), 1);
  markFor(*m.old);
  EXPECT_EQ(m.step().replicas.at("h200"), 0);
}

TEST(Transition, StopsWhatIsUnlawfulAfterTheDrainTimeoutWhateverHasBecomeOfItsReplacement) {
  Moved m;
  m.c.deployment().spec.rollout.progressDeadline = 9999 * 24h;
  m.c.add(h200Node("n2"));
  m.old->meta.annotations.set(unlawfulSince, api::formatTime(m.c.now - 10min + 1s));
  markFor(*m.old);
  EXPECT_EQ(m.step().replicas.at("h200"), 2) << "its replacement may still come";
  m.c.now += 1s;
  EXPECT_EQ(m.step().replicas.at("h200"), 0) << "none could be made: refused, or a quota";
  auto& next = m.c.run("h200", "n2");
  next.ready = false;
  next.meta.created = next.readyChanged = m.c.now - 1min;
  m.c.workload("h200", 2);
  EXPECT_EQ(m.step().replicas.at("h200"), 0)
      << "the controller would give up what is not Ready instead";
}

// Nobody lets us annotate the pod; since when it is unlawful stands in our memory alone.
void keepFromMarking(Cluster& c, const api::Pod& pod, api::Time since) {
  c.podMemory.unlawfulSince[pod.meta.uid] = since;
  c.podMemory.cannotMark.insert(pod.meta.uid);
}

TEST(Transition, StopsWhatIsUnlawfulAfterTheDrainTimeoutAlsoWhereItCannotBeMarked) {
  Moved m;
  keepFromMarking(m.c, *m.old, m.c.now - 10min + 1s);
  EXPECT_EQ(m.step().replicas.at("h200"), 1);
  EXPECT_EQ(m.step().wakeAt, m.c.now + 1s);
  m.c.now += 1s;
  EXPECT_EQ(m.step().replicas.at("h200"), 0) << "there is nothing else that could go instead";
  EXPECT_TRUE(m.step().restarts.empty());
}

TEST(Transition, DeletesWhatCannotBeMarkedWhereTheCountWouldTakeAnother) {
  Moved m;
  m.c.add(h200Node("n2"));
  m.c.run("h200", "n2");
  m.c.workload("h200", 2);
  keepFromMarking(m.c, *m.old, m.c.now - 10min + 1s);
  EXPECT_TRUE(m.step().restarts.empty());
  m.c.now += 1s;
  auto step = m.step();
  ASSERT_EQ(step.restarts.size(), 1u);
  EXPECT_EQ(step.restarts.front().pod, m.old);
  EXPECT_EQ(step.replicas.at("h200"), 2) << "the count would take the lawful one";
  m.old->meta.deleted = m.c.now;
  m.c.podMemory.cannotMark.insert(m.c.wait("h200").meta.uid);  // the ReplicaSet's answer
  step = m.step();
  EXPECT_TRUE(step.restarts.empty());
  EXPECT_EQ(step.replicas.at("h200"), 1) << "what is not bound goes first, marked or not";
}

TEST(Transition, ExpectsOfAPodOnASilentNodeThatItsControllerTakesItForReady) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2")).add(assistant().variant(h200()));
  auto& lost = c.run("h200", "n1");
  c.run("h200", "n2");
  c.workload("h200", 2);
  c.node("n1").ready = false;
  c.podMemory.cannotMark.insert(lost.meta.uid);
  auto plan = c.plan();
  EXPECT_EQ(c.step(plan).replicas.at("h200"), 2) << "either could go";
  lost.ready = false;
  plan = c.plan();
  EXPECT_EQ(c.step(plan).replicas.at("h200"), 1);
}

TEST(Transition, BelievesTheEarlierOfMemoryAndAnnotation) {
  Moved m;
  m.old->meta.annotations.set(unlawfulSince, api::formatTime(m.c.now + 1000h));
  m.c.podMemory.unlawfulSince[m.old->meta.uid] = m.c.now - 4min;
  auto step = m.step();
  EXPECT_EQ(step.wakeAt, m.c.now + 6min);
  ASSERT_EQ(step.marks.size(), 1u) << "somebody wrote a later time";
  EXPECT_EQ(step.marks.front().unlawfulSince, m.c.now - 4min);
  m.old->meta.annotations.set(unlawfulSince, api::formatTime(m.c.now - 7min));
  step = m.step();
  EXPECT_EQ(step.wakeAt, m.c.now + 3min) << "of an operator before this one";
  EXPECT_TRUE(step.marks.empty());
}

TEST(Transition, TakesNoTimeOfTheFutureFromAnAnnotation) {
  Moved m;
  m.old->meta.annotations.set(unlawfulSince, api::formatTime(m.c.now + 1000h));
  EXPECT_EQ(m.step().wakeAt, m.c.now + 10min);
}

TEST(Transition, GivesTheWholeDrainTimeoutAlthoughTimesAreWrittenInSeconds) {
  Moved m;
  m.c.now += 300ms;
  EXPECT_EQ(m.step().marks.front().unlawfulSince, testTime + 1s);
}

TEST(Transition, CountsNobodyWhoseTimeIsOverForThoseWhoseTimeIsNot) {
  Moved m;
  m.c.deployment().spec.replicas = 2;
  m.c.add(h200Node("n0")).add(h200Node("n2"));
  m.c.node("n0").meta.labels.erase("data-residency.bailiwick.dev/eu-personal");
  auto& later = m.c.run("h200", "n0");
  later.meta.annotations.set(unlawfulSince, api::formatTime(m.c.now - 5min));
  m.old->meta.annotations.set(unlawfulSince, api::formatTime(m.c.now - 10min));
  m.c.run("h200", "n2");
  m.c.workload("h200", 3);
  const auto step = m.step();
  ASSERT_EQ(step.marks.size(), 1u) << "only one of two wanted would be left";
  EXPECT_EQ(step.marks.front().pod, m.old);
}

TEST(Transition, MovesWhatIsUnlawfulAndNotReadyYet) {
  Moved m;
  m.c.add(h200Node("n2"));
  m.old->ready = false;
  m.old->meta.created = m.old->readyChanged = m.c.now - 1min;
  markFor(*m.old);
  EXPECT_EQ(m.step().replicas.at("h200"), 2) << "lowering would keep just this one";
}

TEST(Transition, KeepsAnUnreadyVictimWhileItsReplacementWouldGoInstead) {
  Moved m;
  m.c.add(h200Node("n2"));
  m.old->ready = false;
  m.old->readyChanged = m.c.now - 1min;
  markFor(*m.old);
  auto& next = m.c.run("h200", "n2");
  next.ready = false;
  next.readyChanged = m.c.now;
  m.c.workload("h200", 2);
  EXPECT_EQ(m.step().replicas.at("h200"), 2) << "a Pending pod goes before a Running one";
  next.ready = true;
  m.step();
  EXPECT_EQ(m.step().replicas.at("h200"), 1);
}

TEST(Transition, StopsUnlawfulReplicasEvenWhilePausedButOnlyThem) {
  Moved m;
  m.c.deployment().spec.paused = true;
  m.c.deployment().spec.replicas = 2;
  m.c.add(h200Node("n2"));
  m.c.run("h200", "n2");
  m.c.workload("h200", 2);
  m.old->meta.annotations.set(unlawfulSince, api::formatTime(m.c.now - 1h));
  markFor(*m.old);
  EXPECT_EQ(m.step().replicas.at("h200"), 1);
  m.c.workload("h200", 1);  // lowered; the pod is still there
  EXPECT_EQ(m.step().replicas.at("h200"), 1);
}

}  // namespace
}  // namespace bailiwick::testing
