#include "plan/transition.hpp"

#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using api::names::deletionCost;
using api::names::unlawfulSince;

void markFor(api::Pod& pod) { pod.meta.annotations.set(deletionCost, "-1"); }

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

TEST(Transition, KeepsWhatIsLostUntilAReplacementIsReady) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  auto& lost = c.run("h200", "n1");
  c.workload("h200", 1);
  c.node("n1").ready = false;
  auto plan = c.plan();
  EXPECT_FALSE(of(plan).replicas.front().ready);
  EXPECT_EQ(c.step(plan).replicas.at("h200"), 1) << "unknown is not gone";
  c.add(h200Node("n2"));
  plan = c.plan();
  EXPECT_EQ(c.step(plan).replicas.at("h200"), 2);
  c.run("h200", "n2");
  c.workload("h200", 2);
  markFor(lost);
  plan = c.plan();
  EXPECT_EQ(c.step(plan).replicas.at("h200"), 1);
}

TEST(Transition, SaysThatAFullPoolHasNoRoomToSurge) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200("new")));
  c.run("old", "n1");
  c.workload("old", 1);
  auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "new"), 0);
  auto step = c.step(plan);
  EXPECT_TRUE(step.noRoomToSurge);
  EXPECT_TRUE(step.marks.empty());
  c.deployment().spec.rollout.maxUnavailable = 1;
  plan = c.plan();
  step = c.step(plan);
  EXPECT_FALSE(step.noRoomToSurge);
  ASSERT_EQ(step.marks.size(), 1u);
  markFor(c.pods.back());
  plan = c.plan();
  EXPECT_EQ(c.step(plan).replicas.at("old"), 0);
}

TEST(Transition, AllowsNoWiderGapThanMaxUnavailable) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2"));
  c.add(assistant().replicas(2).variant(h200("new")).maxUnavailable(1));
  c.run("old", "n1");
  c.run("old", "n2");
  c.workload("old", 2);
  const auto plan = c.plan();
  EXPECT_EQ(c.step(plan).marks.size(), 1u);
}

TEST(Transition, SaysThatARollingUpdateWaitsForRoom) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  c.run("h200", "n1");
  c.wait("h200").templateHash = "t2";
  c.workload("h200", 1).statusReplicas = 2;
  const auto plan = c.plan();
  const auto step = c.step(plan);
  EXPECT_TRUE(step.noRoomToSurge);
  EXPECT_EQ(step.replicas.at("h200"), 1);
  EXPECT_TRUE(step.marks.empty()) << "the extra pod is the controller's";
}

TEST(Transition, ServesFromARemovedVariantUntilTheOtherIsReady) {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1")).add(assistant().variant(mi300x()));
  auto& old = c.run("h200", "n1");
  c.workload("h200", 1);
  auto plan = c.plan();
  auto step = c.step(plan);
  EXPECT_EQ(step.replicas.at("mi300x"), 1);
  EXPECT_EQ(step.replicas.at("h200"), 1);
  c.run("mi300x", "m1");
  c.workload("mi300x", 1);
  markFor(old);
  plan = c.plan();
  EXPECT_EQ(c.step(plan).replicas.at("h200"), 0);
  old.meta.deleted = c.now;
  c.workload("h200", 0);
  plan = c.plan();
  EXPECT_TRUE(c.step(plan).finished.empty()) << "it still drains";
  std::erase_if(c.pods, [&](const auto& pod) { return pod.meta.deleted.has_value(); });
  plan = c.plan();
  EXPECT_EQ(c.step(plan).finished, std::vector<std::string>{"h200"});
}

TEST(Transition, ReadsTheCapacityOfARemovedVariantFromItsWorkload) {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1")).add(assistant().replicas(1).variant(mi300x()));
  c.run("h200", "n1");
  c.workload("h200", 1).meta.annotations.set("bailiwick.dev/capacity", "0.5");
  c.run("mi300x", "m1").ready = false;
  c.workload("mi300x", 1);
  const auto plan = c.plan();
  EXPECT_TRUE(c.step(plan).marks.empty());
}

TEST(Transition, ChangesNothingWhenOnlyTheOrderChanges) {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1"));
  c.add(assistant().variant(h200()).variant(mi300x()));
  c.run("mi300x", "m1");
  c.workload("mi300x", 1);
  const auto plan = c.plan();
  const auto step = c.step(plan);
  EXPECT_EQ(step.replicas, (std::map<std::string, int>{{"mi300x", 1}}));
  EXPECT_TRUE(step.marks.empty() && step.finished.empty());
}

TEST(Transition, GivesUpTheYoungestWhenTheCountFalls) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2")).add(assistant().variant(h200()));
  c.run("h200", "n1");
  auto& young = c.run("h200", "n2");
  young.meta.created = c.now - 10min;
  c.workload("h200", 2);
  const auto plan = c.plan();
  const auto step = c.step(plan);
  ASSERT_EQ(step.marks.size(), 1u);
  EXPECT_EQ(step.marks.front().pod, &young);
}

TEST(Transition, EmptiesACordonedNodeReplacementFirst) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2")).add(assistant().variant(h200()));
  auto& old = c.run("h200", "n1");
  c.workload("h200", 1);
  c.node("n1").unschedulable = true;
  auto plan = c.plan();
  EXPECT_EQ(c.step(plan).replicas.at("h200"), 2);
  c.run("h200", "n2");
  c.workload("h200", 2);
  markFor(old);
  plan = c.plan();
  EXPECT_EQ(c.step(plan).replicas.at("h200"), 1);
}

TEST(Transition, WakesAtTheProgressDeadlineOfWhatStarts) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  c.wait("h200");
  c.workload("h200", 1);
  const auto plan = c.plan();
  EXPECT_EQ(c.step(plan).wakeAt, c.now - 1min + 30min + 1s);
}

TEST(Transition, WakesWhenAQuotaHasForbiddenForTooLong) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  auto& workload = c.workload("h200", 1);
  workload.failureReason = "FailedCreate";
  workload.failureSince = c.now - 10min;
  const auto plan = c.plan();
  EXPECT_EQ(c.step(plan).wakeAt, c.now + 20min + 1s);
}

TEST(Transition, NamesAllThatServesForTheRouteTable) {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1")).add(assistant().variant(mi300x()));
  c.run("old", "n1");
  c.workload("old", 1);
  auto plan = c.plan();
  EXPECT_EQ(c.step(plan).serving, (std::set<std::string>{"mi300x", "old"}));
  c.pods.back().meta.deleted = c.now;
  c.workload("old", 0);
  plan = c.plan();
  EXPECT_EQ(c.step(plan).serving, std::set<std::string>{"mi300x"}) << "it takes nothing new";
}

TEST(Transition, IsRollingUntilEveryReplicaIsOfTheLatestTemplate) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  c.run("h200", "n1");
  auto& workload = c.workload("h200", 1);
  auto plan = c.plan();
  EXPECT_FALSE(c.step(plan).rolling);
  workload.meta.generation = 2;
  EXPECT_TRUE(c.step(plan).rolling) << "its controller has not seen it";
  workload.observedGeneration = 2;
  workload.updatedReplicas = 0;
  plan = c.plan();
  EXPECT_TRUE(c.step(plan).rolling);
  workload.updatedReplicas = 1;
  EXPECT_FALSE(c.step(plan).rolling);
}

// Two nodes for each group; group 0 runs on n1 and n2.
struct Groups {
  Cluster c;
  api::Pod* zero = nullptr;
  Groups() {
    c.leaderWorkerSets = true;
    for (const char* name : {"n1", "n2", "n3", "n4"}) c.add(h200Node(name));
    c.add(assistant().variant(h200().nodes(2)));
    zero = &c.runGroup("h200", 0, {"n1", "n2"});
    c.workload("h200", 1).groups = true;
  }
  plan::Plan plan;
  plan::Step step() {
    plan = c.plan();
    return c.step(plan);
  }
};

TEST(Transition, RestartsTheLeaderOfAGroupThatMustMove) {
  Groups g;
  g.c.node("n2").meta.labels.erase("data-residency.bailiwick.dev/eu-personal");
  EXPECT_EQ(g.step().replicas.at("h200"), 2) << "one unlawful worker suffices";
  g.c.runGroup("h200", 1, {"n3", "n4"});
  g.c.workload("h200", 2);
  auto step = g.step();
  EXPECT_EQ(step.replicas.at("h200"), 2) << "the highest index would go instead";
  ASSERT_EQ(step.restarts.size(), 1u);
  EXPECT_EQ(step.restarts.front().pod, g.zero);
  for (auto& pod : g.c.pods) {
    if (pod.node == "n1" || pod.node == "n2") pod.meta.deleted = g.c.now;
  }
  step = g.step();
  EXPECT_TRUE(step.restarts.empty());
  EXPECT_EQ(step.replicas.at("h200"), 2) << "one less would take the group that serves";
}

TEST(Transition, RestartsAnUnlawfulGroupAtTheDeadlineWhateverElseIsGoing) {
  Groups g;
  g.c.runGroup("h200", 1, {"n3", "n4"}).meta.deleted = g.c.now - 1h;
  g.c.workload("h200", 2);
  g.c.node("n2").meta.labels.erase("data-residency.bailiwick.dev/eu-personal");
  g.zero->meta.annotations.set(unlawfulSince, api::formatTime(g.c.now - 9min));
  EXPECT_TRUE(g.step().restarts.empty()) << "one at a time";
  g.c.now += 1min;
  const auto step = g.step();
  const bool goes = !step.restarts.empty() || step.replicas.at("h200") == 0;
  EXPECT_TRUE(goes);
}

TEST(Transition, LowersToDropTheHighestGroup) {
  Groups g;
  g.c.runGroup("h200", 1, {"n3", "n4"});
  g.c.workload("h200", 2);
  const auto step = g.step();
  EXPECT_EQ(step.replicas.at("h200"), 1);
  EXPECT_TRUE(step.restarts.empty());
}

TEST(Transition, KeepsTheHighestGroupUntilTheRestartedOneIsReady) {
  Groups g;
  g.c.runGroup("h200", 1, {"n3", "n4"});
  g.c.workload("h200", 2);
  g.zero->ready = false;
  EXPECT_EQ(g.step().replicas.at("h200"), 2);
}

}  // namespace
}  // namespace bailiwick::testing
