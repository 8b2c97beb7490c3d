#include "plan/transition.hpp"

#include <gtest/gtest.h>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

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

}  // namespace
}  // namespace bailiwick::testing
