#include "plan/exit.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "api/labels.hpp"
#include "plan/exiting.hpp"

namespace bailiwick::testing {
namespace {

using api::ExitPhase;
using plan::Leave;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Types = std::vector<std::string>;

TEST(Exit, RecordsWhatItFoundAndDecidedBeforeAnythingMoves) {
  auto cluster = twoToMove();
  Exiting run(cluster, cluster.order());
  EXPECT_THAT(run.turn(), ElementsAre("Opened", "Found", "Pods", "Decided", "Phase"));
  EXPECT_EQ(run.phase(), ExitPhase::Announced);
  EXPECT_FALSE(run.decision.force.moves);
  EXPECT_THAT(run.turn(), ElementsAre("Phase"));
  EXPECT_EQ(run.phase(), ExitPhase::NoNewPlacement);
  EXPECT_FALSE(run.decision.force.moves);
  EXPECT_THAT(run.turn(), ElementsAre("Phase"));
  EXPECT_EQ(run.phase(), ExitPhase::Shifting);
  EXPECT_TRUE(run.decision.force.moves);
  EXPECT_THAT(run.turn(), IsEmpty()) << "nothing is new";
  ASSERT_EQ(run.status.affected.size(), 1U);
  EXPECT_EQ(run.status.affected[0].replicas, 2);
  EXPECT_EQ(run.status.affected[0].replacement, (api::Replacement{"fra", "mi300x", 2}));
}

void leave(Cluster& cluster, const std::string& name, const std::string& report) {
  for (auto& pod : cluster.pods) {
    if (pod.meta.key.name != name) continue;
    pod.meta.deleted = cluster.now;
    pod.meta.finalizers = {api::names::drainReportFinalizer};
    if (report.empty()) {
      pod.finalDelete = true;
    } else {
      pod.containers = {{"engine-sidecar", "s", "", true, report}};
    }
  }
}

TEST(Exit, LeavesWhatViolatesAPolicyThatHasItLeft) {
  auto cluster = twoToMove();
  cluster.add(makePolicy("no-nvidia")
                  .deny(&api::PolicyRules::vendors, {"nvidia"})
                  .enforcement(api::Enforcement::Exit));
  auto& order = cluster.order("no-nvidia");
  order.spec.target = {};
  order.spec.target.policies = {"no-nvidia"};
  Exiting run(cluster, order);
  run.turns(3);
  EXPECT_EQ(run.phase(), ExitPhase::Shifting);
  ASSERT_EQ(run.status.affected.size(), 1U);
  EXPECT_EQ(run.status.affected[0].replacement, (api::Replacement{"fra", "mi300x", 2}));
  EXPECT_EQ(shareOf(cluster.plan(), "mi300x"), 2);
  EXPECT_EQ(shareOf(cluster.plan(), "h200"), 0);
}

TEST(Exit, OfNothingThatRunsSaysSoAndWhatMayBeMisspelt) {
  Cluster cluster;
  cluster.add(h200Node("h1"));
  auto& order = cluster.order();
  Exiting run(cluster, order);
  run.turns(6);
  EXPECT_EQ(run.phase(), ExitPhase::Verified);
  EXPECT_EQ(run.condition("Complete").message, "nothing that it targets runs here");
  order.spec.target.vendors = {"nvidea"};
  ++order.meta.generation;
  run.turn();
  EXPECT_THAT(run.condition("Complete").message,
              HasSubstr("the catalogue does not know vendor nvidea, which may be misspelt"));
}

TEST(Exit, OfAPolicyIsBlockedWhereNothingElseIsLawful) {
  Cluster cluster;
  cluster.add(h200Node("h1")).add(assistant().variant(h200()));
  cluster.run("h200", "h1");
  cluster.workload("h200", 1);
  cluster.add(makePolicy("no-h200")
                  .deny(&api::PolicyRules::products, {"NVIDIA-H200"})
                  .enforcement(api::Enforcement::Exit));
  auto& order = cluster.order("no-h200");
  order.spec.target = {};
  order.spec.target.policies = {"no-h200"};
  Exiting run(cluster, order);
  run.turns(4);
  EXPECT_EQ(run.phase(), ExitPhase::Blocked);
  EXPECT_EQ(run.status.totals.affected, 1);
  EXPECT_EQ(shareOf(cluster.plan(), "h200"), 1);
}

TEST(Exit, OfAPolicyLeavesNothingForARuleOfNewPlacementAlone) {
  auto cluster = twoToMove();
  cluster.add(makePolicy("ready").enforcement(api::Enforcement::Exit).with([](auto& p) {
    p.rules.requireExitReady = true;
  }));
  auto& order = cluster.order("ready");
  order.spec.target = {};
  order.spec.target.policies = {"ready"};
  Exiting run(cluster, order);
  run.turns(4);
  EXPECT_EQ(run.status.totals.affected, 0);
  EXPECT_EQ(shareOf(cluster.plan(), "h200"), 2);
}

TEST(Exit, RecordsEveryDrainBeforeItLetsThePodGoAndEndsVerified) {
  auto cluster = twoToMove();
  Exiting run(cluster, cluster.order());
  run.turns(3);
  cluster.run("mi300x", "m1");
  cluster.run("mi300x", "m2");
  const auto first = cluster.pods[0].meta.key.name, second = cluster.pods[1].meta.key.name;
  leave(cluster, first, R"({"inFlightAtDrain":7,"completed":6,"cut":1})");
  EXPECT_THAT(run.turn(), ElementsAre("Draining", "Drained", "Phase"));
  EXPECT_EQ(run.phase(), ExitPhase::Draining);
  ASSERT_EQ(run.decision.release.size(), 1U);
  cluster.pods.pop_front();
  leave(cluster, second, "");
  run.turn();
  ASSERT_EQ(run.decision.release.size(), 1U);
  EXPECT_FALSE(run.status.affected[0].drained) << "one of the two is unknown: so is the sum";
  cluster.pods.pop_front();
  run.purge.present = {"PersistentVolumeClaim team/x"};
  run.purge.residual = {{"Image vllm:1", "the stores of 2 nodes may hold it"}};
  EXPECT_THAT(run.turn(), ElementsAre("Left", "Residual", "Purge", "Phase"));
  EXPECT_EQ(run.phase(), ExitPhase::Purging);
  EXPECT_THAT(run.decision.purge, ElementsAre("PersistentVolumeClaim team/x"));
  EXPECT_THAT(run.turn(), IsEmpty()) << "it is still there";
  run.purge.present.clear();
  EXPECT_THAT(run.turn(), ElementsAre("Purged", "Phase", "Closed"));
  EXPECT_EQ(run.phase(), ExitPhase::Verified);
  EXPECT_EQ(run.status.totals, (api::ExitTotals{1, 1, 0, 1, 1}));
  EXPECT_EQ(run.condition("Complete").status, "True");
  EXPECT_THAT(run.condition("Complete").message, HasSubstr("Image vllm:1"));
  EXPECT_THAT(run.status.affected[0].message, HasSubstr("1 of 2 replicas are unknown: " + second));
  EXPECT_THAT(run.turn(), IsEmpty());
  EXPECT_TRUE(run.decision.force.moves) << "it goes on keeping out what it targets";
  EXPECT_THAT(run.twice, IsEmpty());
}

TEST(Exit, CountsWhatItsReplicasReported) {
  auto cluster = twoToMove();
  Exiting run(cluster, cluster.order());
  run.turns(3);
  leave(cluster, cluster.pods[0].meta.key.name, R"({"inFlightAtDrain":7,"completed":6,"cut":1})");
  leave(cluster, cluster.pods[1].meta.key.name, R"({"inFlightAtDrain":3,"completed":3,"cut":0})");
  run.turn();
  EXPECT_EQ(run.status.affected[0].drained, (api::DrainCount{10, 9, 1}));
}

TEST(Exit, NamesTheConstraintThatBindsAndLetsTheOthersGoOn) {
  auto cluster = twoToMove();
  cluster.add(assistant("alone").replicas(1).variant(h200()));
  cluster.add(h200Node("h3"));
  cluster.run("h200", "h3", "alone");
  Exiting run(cluster, cluster.order());
  run.turns(4);
  EXPECT_EQ(run.phase(), ExitPhase::Shifting);
  EXPECT_EQ(run.condition("Blocked").status, "True");
  EXPECT_EQ(run.condition("Blocked").reason, "NoAlternative");
  EXPECT_THAT(run.condition("Blocked").message, HasSubstr("ModelDeployment team/alone has no variant"));
  std::erase_if(cluster.pods, [](const auto& pod) { return pod.node != "h3"; });
  run.turn();
  EXPECT_EQ(run.phase(), ExitPhase::Blocked) << "the other one has left";
  EXPECT_EQ(run.status.totals.blocked, 1);
  EXPECT_EQ(run.status.totals.shifted, 1);
}

TEST(Exit, SaysWhyTheAlternativeCannotTakeOver) {
  auto cluster = twoToMove();
  cluster.node("m1").unschedulable = cluster.node("m2").unschedulable = true;
  Exiting run(cluster, cluster.order());
  run.turns(5);
  EXPECT_EQ(run.phase(), ExitPhase::Blocked);
  EXPECT_EQ(run.condition("Blocked").reason, "NoCapacity");
  EXPECT_THAT(run.condition("Blocked").message, HasSubstr("mi300x"));
  cluster.node("m1").unschedulable = cluster.node("m2").unschedulable = false;
  EXPECT_THAT(run.turn(), ElementsAre("Decided", "Phase"));
  EXPECT_EQ(run.phase(), ExitPhase::Shifting) << "a way out has appeared";
}

TEST(Exit, HoldsWhilePausedAndGoesOnAfterwards) {
  auto cluster = twoToMove();
  auto& order = cluster.order();
  Exiting run(cluster, order);
  order.spec.paused = true;
  run.turns(4);
  EXPECT_EQ(run.phase(), ExitPhase::NoNewPlacement) << "what is new stays out";
  EXPECT_FALSE(run.decision.force.moves);
  order.spec.paused = false;
  run.turns(2);
  EXPECT_EQ(run.phase(), ExitPhase::Shifting);
  order.spec.paused = true;
  run.turn();
  EXPECT_EQ(run.phase(), ExitPhase::Held);
  EXPECT_TRUE(run.decision.force.frozen);
  order.spec.paused = false;
  run.turns(2);
  EXPECT_EQ(run.phase(), ExitPhase::Shifting);
}

TEST(Exit, HoldsAtItsDeadlineOrStopsUnlessTheClocksDiffer) {
  auto cluster = twoToMove();
  cluster.node("m1").unschedulable = cluster.node("m2").unschedulable = true;
  auto& order = cluster.order();
  Exiting run(cluster, order);
  run.turns(5);
  EXPECT_EQ(run.decision.wakeAt, plan::stopBegins(order.spec, cluster.deployment()));
  cluster.now = order.spec.deadline;
  run.turn();
  EXPECT_EQ(run.phase(), ExitPhase::Held);
  EXPECT_EQ(run.condition("Complete").reason, "DeadlinePassed");
  EXPECT_EQ(run.condition("Blocked").reason, "NoCapacity") << "holding is no way out";
  order.spec.onDeadline = api::OnDeadline::Stop;
  for (const auto& difference : {std::optional<api::Duration>{61s}, {-61s}, {}}) {
    run.skew = difference;
    run.turn();
    EXPECT_EQ(run.phase(), ExitPhase::Held);
    EXPECT_EQ(run.condition("Complete").reason, "ClockSkew");
    EXPECT_FALSE(run.decision.force.mayStop);
  }
  run.skew = 60s;
  run.turns(2);
  EXPECT_TRUE(run.decision.force.mayStop);
  EXPECT_EQ(run.decision.after.rows.begin()->second.decision->reason, "DeadlineReached");
}

TEST(Exit, ADrillMovesNothingAndDatesItsAnswer) {
  auto cluster = twoToMove();
  auto& order = cluster.order();
  order.spec.drill = true;
  Exiting run(cluster, order);
  EXPECT_THAT(run.turn(), ElementsAre("Opened", "Found", "Pods", "Decided", "Phase", "Answer",
                                      "Phase", "Closed"));
  EXPECT_FALSE(run.decision.force.moves);
  EXPECT_EQ(run.phase(), ExitPhase::Verified);
  EXPECT_EQ(run.condition("Complete").message, "drill: all 1 shares could be left");
  EXPECT_EQ(run.status.phases.back().at, testTime);
  EXPECT_EQ(shareOf(cluster.plan(), "h200"), 2);
  EXPECT_EQ(refusalOf(cluster.plan(), "h200"), "") << "a drill keeps nothing out";
}

TEST(Exit, ADrillSaysWhatCouldNotBeLeft) {
  auto cluster = twoToMove();
  cluster.node("m2").unschedulable = cluster.node("m1").unschedulable = true;
  auto& order = cluster.order();
  order.spec.drill = true;
  Exiting run(cluster, order);
  run.turn();
  EXPECT_EQ(run.phase(), ExitPhase::Blocked);
  EXPECT_EQ(run.condition("Complete").status, "True");
  EXPECT_EQ(run.condition("Complete").reason, "CouldNotLeave");
  EXPECT_EQ(run.condition("Blocked").status, "True");
  EXPECT_EQ(run.status.totals.blocked, 1);
}

TEST(Exit, ADrillThatAPeerCouldNotLeaveIsCompleteAndSaysSo) {
  auto cluster = twoToMove();
  auto& order = cluster.order();
  order.spec.drill = true;
  auto theirs = order;
  theirs.status.phase = ExitPhase::Blocked;
  Exiting run(cluster, order);
  run.peers = {{"zrh", true, std::make_shared<const api::ExitOrder>(theirs)}};
  run.turn();
  EXPECT_EQ(run.phase(), ExitPhase::Verified);
  EXPECT_EQ(run.condition("Complete").status, "True");
  EXPECT_EQ(run.condition("Complete").reason, "CouldNotLeave");
  EXPECT_EQ(run.condition("Complete").message,
            "drill: all 1 shares could be left; not all could in zrh");
}

TEST(Exit, WhatIsCompleteStaysSoWhateverBecomesOfAPeerOrOfTheEvidence) {
  Cluster cluster;
  cluster.add(h200Node("h1"));
  auto& order = cluster.order();
  auto theirs = order;
  theirs.status.phase = ExitPhase::Verified;
  Exiting run(cluster, order);
  run.peers = {{"zrh", false, std::make_shared<const api::ExitOrder>(theirs)}};
  run.turns(6);
  EXPECT_EQ(run.condition("Complete").reason, "OtherRegions") << "it cannot be asked";
  run.peers[0].known = true;
  run.turn();
  const auto complete = run.condition("Complete");
  const auto regions = run.status.regions;
  ASSERT_EQ(complete.status, "True");
  cluster.now += 60s;
  for (const bool known : {false, true}) {
    run.peers = {{"zrh", known, nullptr}, {"new", known, nullptr}};
    run.turn();
    EXPECT_EQ(run.condition("Complete"), complete);
    EXPECT_EQ(run.status.regions, regions);
  }
  const auto gone = plan::withoutEvidence(order, "it is gone", cluster.now);
  EXPECT_EQ(*api::findCondition(gone.conditions, "Complete"), complete);
  EXPECT_EQ(api::findCondition(gone.conditions, "EvidenceSigned")->status, "False");
  ++order.meta.generation;
  run.turn();
  EXPECT_EQ(run.condition("Complete").status, "False") << "it is another order";
}

TEST(Exit, ADrillOfAnImmediateExitCountsTheRoomThatItMakes) {
  Cluster cluster;
  cluster.add(h200Node("h1"));
  cluster.passports.push_back(
      makePassport("other").artifact("fp8", api::SourceType::OCI, "oci://r.example/m").obj());
  cluster.add(assistant().replicas(1).variant(h200()).variant(
      makeVariant("other").passport("other", "fp8").on("nvidia", {"NVIDIA-H200"}, 8)));
  cluster.run("h200", "h1");
  auto& order = cluster.order();
  order.spec.target = {};
  order.spec.target.passports = {"open"};
  order.spec.drill = true;
  {
    Exiting run(cluster, order);
    run.turn();
    EXPECT_EQ(run.phase(), ExitPhase::Blocked) << "there is no room to begin in";
  }
  order.spec.mode = api::ExitMode::Immediate;
  Exiting run(cluster, order);
  run.turn();
  EXPECT_EQ(run.phase(), ExitPhase::Verified);
  EXPECT_EQ(run.status.affected[0].replacement, (api::Replacement{"fra", "other", 1}));
}

TEST(Exit, RecordsThatItWasLifted) {
  auto cluster = twoToMove();
  auto& order = cluster.order();
  Exiting run(cluster, order);
  run.turns(3);
  order.meta.deleted = cluster.now;
  EXPECT_THAT(run.turn(), ElementsAre("Lifted", "Closed"));
  EXPECT_TRUE(run.decision.finished);
  EXPECT_THAT(run.turn(), IsEmpty());
}

TEST(Exit, WithoutAnythingToLeaveItIsVerifiedAtOnce) {
  Cluster cluster;
  cluster.add(mi300xNode("m1"));
  cluster.add(assistant().replicas(1).variant(h200()).variant(mi300x()));
  Exiting run(cluster, cluster.order());
  run.turns(5);
  EXPECT_EQ(run.phase(), ExitPhase::Verified);
  EXPECT_EQ(run.status.totals.affected, 0) << "a variant that is only named is no share";
}

// Whatever happens meanwhile: no replica goes before its replacement is Ready (the simulator looks),
// nothing is recorded twice although the journal is read anew at each turn, and the exit ends.
RC_GTEST_PROP(Exit, LosesNoCapacityAndSaysNothingTwice, ()) {
  Simulator sim(*rc::gen::noShrink(rc::gen::arbitrary<unsigned>()));
  const int h200s = *rc::gen::inRange(1, 4), mi300xs = *rc::gen::inRange(0, 4);
  for (int i = 0; i < h200s; ++i) sim.cluster.add(h200Node("h" + std::to_string(i)));
  for (int i = 0; i < mi300xs; ++i) sim.cluster.add(mi300xNode("m" + std::to_string(i)));
  for (int d = 0; d < *rc::gen::inRange(1, 3); ++d) {
    auto builder = assistant("d" + std::to_string(d)).replicas(*rc::gen::inRange(0, 4));
    sim.cluster.add(builder.variant(h200("a")).variant(mi300x("b")));
  }
  for (int i = 0; i < *rc::gen::inRange(0, 60); ++i) sim.tick();
  auto& order = sim.cluster.order();
  Exiting run(sim.cluster, order);
  for (int i = 0; i < 300; ++i) {
    sim.tick();
    run.turn();
    if (i == 40 && *rc::gen::arbitrary<bool>()) sim.cluster.add(mi300xNode("late"));
  }
  RC_LOG() << sim.picture();
  for (const auto& violation : sim.violations) RC_LOG() << violation << "\n";
  RC_ASSERT(sim.violations.empty());
  RC_ASSERT(run.twice.empty());
  bool left = true;
  for (const auto& pod : sim.cluster.pods) {
    left = left && !pod.meta.labels.has(api::names::variantLabel, "a");
  }
  const auto phase = run.phase();
  RC_ASSERT(phase == (left ? ExitPhase::Verified : ExitPhase::Blocked));
}

}  // namespace
}  // namespace bailiwick::testing
