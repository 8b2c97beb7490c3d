// What exit orders do to placement.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "plan/exiting.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::IsEmpty;

const plan::VariantPlan& variantOf(const plan::Plan& plan, const std::string& variant) {
  return *of(plan).variant(variant);
}

TEST(Leaving, KeepsOutWhatIsTargetedAndNothingElse) {
  Cluster cluster;
  cluster.add(h200Node("h1")).add(mi300xNode("m1"));
  cluster.add(assistant().replicas(1).variant(h200()).variant(mi300x()));
  cluster.order();
  const auto plan = cluster.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 0);
  EXPECT_EQ(shareOf(plan, "mi300x"), 1);
  EXPECT_EQ(refusalOf(plan, "h200"),
            "ExitInProgress: exit order exit-nvidia leaves vendor nvidia: variant h200 gets no new "
            "replicas");
}

TEST(Leaving, IsOfferedOnlyAsFarAsItIsHeld) {
  auto cluster = twoToMove();
  cluster.deployment().spec.replicas = 4;
  cluster.order();
  const auto plan = cluster.plan();
  EXPECT_EQ(variantOf(plan, "h200").offer, 2);
  EXPECT_EQ(shareOf(plan, "h200"), 2) << "it does not move yet";
  EXPECT_EQ(shareOf(plan, "mi300x"), 2);
}

TEST(Leaving, ReplacesFirstAndGoesOneAtATime) {
  auto cluster = twoToMove();
  cluster.order();
  cluster.exits["exit-nvidia"] = moving;
  auto plan = cluster.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 0);
  EXPECT_EQ(shareOf(plan, "mi300x"), 2);
  EXPECT_THAT(cluster.step(plan).marks, IsEmpty()) << "nothing is Ready to take over";
  cluster.run("mi300x", "m1");
  cluster.run("mi300x", "m2");
  cluster.workload("mi300x", 2);
  plan = cluster.plan();
  auto step = cluster.step(plan);
  ASSERT_EQ(step.marks.size(), 1U) << "one at a time, although both may go";
  EXPECT_EQ(step.replicas.at("h200"), 2);
  const_cast<api::Pod*>(step.marks[0].pod)->meta.annotations.set(api::names::deletionCost, "-1");
  plan = cluster.plan();
  step = cluster.step(plan);
  EXPECT_EQ(step.replicas.at("h200"), 1);
  EXPECT_THAT(step.marks, IsEmpty());
  for (auto& pod : cluster.pods) {
    if (pod.meta.annotations.find(api::names::deletionCost)) pod.meta.deleted = cluster.now;
  }
  plan = cluster.plan();
  EXPECT_THAT(cluster.step(plan).marks, IsEmpty()) << "the one before has not ended";
}

TEST(Leaving, KnowsWhenTimeAloneBeginsToStopIt) {
  auto cluster = twoToMove();
  auto& order = cluster.order();
  cluster.exits["exit-nvidia"] = moving;
  EXPECT_EQ(of(cluster.plan()).until, std::nullopt) << "it holds at its deadline";
  order.spec.onDeadline = api::OnDeadline::Stop;
  const auto begins = order.spec.deadline - cluster.deployment().spec.exit.drainTimeout;
  EXPECT_EQ(of(cluster.plan()).until, begins);
  cluster.now = begins;
  EXPECT_EQ(of(cluster.plan()).until, std::nullopt);
  EXPECT_EQ(variantOf(cluster.plan(), "h200").leave, plan::Leave::Now);
}

TEST(Leaving, KeepsWhatHasNoPlaceToGo) {
  auto cluster = twoToMove();
  cluster.node("m1").unschedulable = true;
  cluster.node("m2").unschedulable = true;
  cluster.order();
  cluster.exits["exit-nvidia"] = moving;
  const auto plan = cluster.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 2);
  EXPECT_EQ(variantOf(plan, "h200").cordoned, 2);
  EXPECT_THAT(cluster.step(plan).marks, IsEmpty());
}

TEST(Leaving, DoesNotWaitWhereTheOrderSaysSo) {
  auto cluster = twoToMove();
  cluster.order().spec.mode = api::ExitMode::Immediate;
  cluster.exits["exit-nvidia"] = moving;
  const auto plan = cluster.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 0);
  EXPECT_EQ(shareOf(plan, "mi300x"), 2);
  EXPECT_EQ(cluster.step(plan).marks.size(), 2U);
}

TEST(Leaving, StopsAtTheDeadlineLessTheDrainTimeout) {
  auto cluster = twoToMove();
  cluster.node("m1").unschedulable = cluster.node("m2").unschedulable = true;
  auto& order = cluster.order();
  order.spec.onDeadline = api::OnDeadline::Stop;
  cluster.exits["exit-nvidia"] = moving;
  const auto drain = cluster.deployment().spec.exit.drainTimeout;
  cluster.now = order.spec.deadline - drain - 1s;
  EXPECT_THAT(cluster.step(cluster.plan()).marks, IsEmpty());
  cluster.now += 1s;
  const auto plan = cluster.plan();
  EXPECT_EQ(cluster.step(plan).marks.size(), 2U);
  EXPECT_EQ(shareOf(plan, "h200"), 0);
  cluster.exits["exit-nvidia"].mayStop = false;
  EXPECT_THAT(cluster.step(cluster.plan()).marks, IsEmpty()) << "the clocks differ";
  cluster.exits["exit-nvidia"].mayStop = true;
  order.spec.onDeadline = api::OnDeadline::Hold;
  EXPECT_THAT(cluster.step(cluster.plan()).marks, IsEmpty());
}

TEST(Leaving, StopsEvenWhatIsPaused) {
  auto cluster = twoToMove();
  cluster.deployment().spec.paused = true;
  cluster.order().spec.mode = api::ExitMode::Immediate;
  cluster.exits["exit-nvidia"] = moving;
  EXPECT_EQ(cluster.step(cluster.plan()).marks.size(), 2U);
}

TEST(Leaving, LeavesAFrozenDeploymentAsItIs) {
  auto cluster = twoToMove();
  cluster.run("mi300x", "m1");
  cluster.workload("mi300x", 1);
  cluster.order();
  cluster.exits["exit-nvidia"] = {nullptr, true, true, true};
  const auto plan = cluster.plan();
  EXPECT_TRUE(of(plan).onHold);
  const auto step = cluster.step(plan);
  EXPECT_THAT(step.marks, IsEmpty());
  EXPECT_EQ(step.replicas.at("h200"), 2);
  EXPECT_EQ(step.replicas.at("mi300x"), 1);
  cluster.orders.front().spec.mode = api::ExitMode::Immediate;
  const auto atOnce = cluster.plan();
  EXPECT_THAT(cluster.step(atOnce).marks, IsEmpty()) << "what cannot be recorded is not cut";
}

}  // namespace
}  // namespace bailiwick::testing
