// What runs of a variant that the spec no longer has is judged by what its pods say of themselves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "api/running.hpp"
#include "plan/exiting.hpp"
#include "plan/policy_status.hpp"

namespace bailiwick::testing {
namespace {

using api::Enforcement;
using api::PolicyRules;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char denied[] = "policy no-nvidia denies vendor nvidia of variant h200";

void say(api::Pod& pod, const VariantBuilder& runs) {
  pod.meta.annotations.set(api::names::runs, api::describeRunning(runs.obj()));
}

// An H200 replica runs; the spec has only MI300X, which has room.
Cluster left() {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1")).add(assistant().variant(mi300x()));
  say(c.run("h200", "n1"), h200());
  c.workload("h200", 1);
  return c;
}

PolicyBuilder noNvidia(Enforcement enforcement = Enforcement::Deny) {
  return makePolicy("no-nvidia").deny(&PolicyRules::vendors, {"nvidia"}).enforcement(enforcement);
}

TEST(Former, IsStoppedAfterTheDrainTimeoutWhereThePolicyDeniesIt) {
  auto c = left();
  c.add(noNvidia());
  auto plan = c.plan();
  ASSERT_TRUE(of(plan).replicas[0].unlawful);
  EXPECT_EQ(of(plan).replicas[0].unlawful->message, denied);
  EXPECT_EQ(c.step(plan).wakeAt, c.now + 10min);
  c.pods[0].meta.annotations.set(api::names::unlawfulSince, api::formatTime(c.now));
  markFor(c.pods[0]);
  c.now += 10min;
  plan = c.plan();
  EXPECT_EQ(c.step(plan).replicas.at("h200"), 0) << "although no replacement is Ready";
}

TEST(Former, StaysUntilItsReplacementIsReadyWhereNothingIsAgainstIt) {
  auto c = left();
  const auto plan = c.plan();
  EXPECT_FALSE(of(plan).replicas[0].unlawful);
  EXPECT_EQ(c.step(plan).replicas.at("h200"), 1);
}

TEST(Former, IsWhatItsPodsSayWhereTheVariantOfThatNameHasChanged) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2"));
  c.passports.push_back(makePassport("other").obj());
  c.passports.back().publisher.name = "Elsewhere";
  c.add(assistant().replicas(2).variant(h200()));
  say(c.run("h200", "n1"), h200().passport("other", "fp8"));
  say(c.run("h200", "n2"), h200());
  c.workload("h200", 2);
  c.add(makePolicy("no-elsewhere").deny(&PolicyRules::publishers, {"Elsewhere"}));
  const auto plan = c.plan();
  const auto& replicas = of(plan).replicas;
  EXPECT_TRUE(replicas[0].unlawful);
  EXPECT_FALSE(replicas[1].unlawful);
  EXPECT_EQ(refusalOf(plan, "h200").find("PolicyDenied"), std::string::npos);
}

TEST(Former, SaysNothingOfItselfAndIsLeftAloneWhereItIsOlderThanTheAnnotation) {
  auto c = left();
  c.add(noNvidia());
  c.pods[0].meta.annotations.erase(api::names::runs);
  EXPECT_FALSE(of(c.plan()).replicas[0].unlawful);
  c.pods[0].meta.annotations.set(api::names::runs, "{\"passport\": 1}");
  EXPECT_FALSE(of(c.plan()).replicas[0].unlawful) << "not ours";
}

TEST(Former, ViolatesThePolicyForAsLongAsItRuns) {
  auto c = left();
  c.add(noNvidia(Enforcement::Exit));
  auto plan = c.plan();
  auto decision = plan::decide({c.policies[0], &plan, testCatalog(), nullptr, c.now});
  ASSERT_THAT(decision.status.violations, SizeIs(1));
  EXPECT_EQ(decision.status.violations[0].variant, "h200");
  EXPECT_TRUE(decision.order) << "it leaves by an order";
  c.pods[0].meta.deleted = c.now;
  plan = c.plan();
  decision = plan::decide({c.policies[0], &plan, testCatalog(), nullptr, c.now});
  EXPECT_THAT(decision.status.violations, IsEmpty());
}

TEST(Former, GoesAtOnceWhereAnExitOrderDoesNotWait) {
  auto c = left();
  c.order().spec.mode = api::ExitMode::Immediate;
  c.exits["exit-nvidia"] = moving;
  EXPECT_THAT(c.step(c.plan()).marks, SizeIs(1));
}

TEST(Former, KeepsAnExitOpenUntilItHasLeft) {
  auto c = left();
  Exiting run(c, c.order());
  EXPECT_THAT(run.turn(), ElementsAre("Opened", "Found", "Pods", "Decided", "Phase"));
  EXPECT_EQ(run.records[1].body.at("passport"), "open");
  EXPECT_EQ(run.records[3].body.at("reason"), "VariantRemoved");
  run.turns(3);
  EXPECT_EQ(run.phase(), api::ExitPhase::Shifting);
  c.pods.clear();
  run.turns(4);
  EXPECT_EQ(run.phase(), api::ExitPhase::Verified);
}

TEST(Former, IsTheOnlyPodOfItsRowWhereTheVariantOfThatNameHasChanged) {
  auto c = left();
  c.deployment().spec.variants = {mi300x("h200").obj()};
  say(c.run("h200", "m1"), mi300x("h200"));
  Exiting run(c, c.order());
  run.turn();
  EXPECT_THAT(run.records[2].body.at("pods"), SizeIs(1))
      << "what is not of nvidia is no part of it";
  c.pods.pop_front();
  run.turns(7);
  EXPECT_EQ(run.phase(), api::ExitPhase::Verified);
}

}  // namespace
}  // namespace bailiwick::testing
