#include "plan/placement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Planner, FillsInOrderOfPreferenceAndByCapacity) {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1")).add(mi300xNode("m2")).add(mi300xNode("m3"));
  c.add(assistant().replicas(2).variant(h200()).variant(mi300x().capacity(500)));
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 1);
  EXPECT_EQ(shareOf(plan, "mi300x"), 2) << "half a unit each";
}

TEST(Planner, RoundsRemainingUnitsUp) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2")).add(h200Node("n3"));
  c.add(assistant().replicas(3).variant(h200().capacity(2000)));
  EXPECT_EQ(shareOf(c.plan(), "h200"), 2);
  c.deployments.back().spec.replicas = 0;
  EXPECT_EQ(shareOf(c.plan(), "h200"), 0);
}

TEST(Planner, NeverPlacesMoreThanMaxPerRegion) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2"));
  c.add(assistant().replicas(2).variant(h200()).with([](auto& s) { s.placement.maxPerRegion = 1; }));
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 1);
  EXPECT_EQ(of(plan).variant("h200")->offer, 2);
}

TEST(Planner, ServesHigherPriorityThenOlderFirst) {
  Cluster c;
  c.add(h200Node("n1"));
  c.add(assistant("young").variant(h200()).created(testTime - 1h));
  c.add(assistant("old").variant(h200()).created(testTime - 2h));
  EXPECT_EQ(shareOf(c.plan(), "h200", "old"), 1);
  EXPECT_EQ(shareOf(c.plan(), "h200", "young"), 0);
  c.deployment("young").spec.priority = 1;
  EXPECT_EQ(shareOf(c.plan(), "h200", "old"), 0);
  EXPECT_EQ(shareOf(c.plan(), "h200", "young"), 1);
}

TEST(Planner, EvictsNobodyForAHigherPriority) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant("low").variant(h200()));
  c.add(assistant("high").variant(h200()).priority(100));
  c.run("h200", "n1", "low");
  EXPECT_EQ(shareOf(c.plan(), "h200", "low"), 1);
  EXPECT_EQ(shareOf(c.plan(), "h200", "high"), 0);
}

TEST(Planner, LeavesWhatRunsWhereItIs) {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1"));
  c.add(assistant().variant(h200()).variant(mi300x()));
  c.run("mi300x", "m1");
  EXPECT_EQ(shareOf(c.plan(), "h200"), 0);
  EXPECT_EQ(shareOf(c.plan(), "mi300x"), 1);
}

TEST(Planner, ReleasesTheLeastPreferredFirst) {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1"));
  c.add(assistant().replicas(1).variant(h200()).variant(mi300x()));
  c.run("h200", "n1");
  c.run("mi300x", "m1");
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
  EXPECT_EQ(shareOf(c.plan(), "mi300x"), 0);
}

TEST(Planner, TakesTheSurgePodOfARollingUpdateForNobodysSurplus) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2")).add(mi300xNode("m1"));
  c.add(assistant().replicas(2).variant(h200()).variant(mi300x()));
  c.run("h200", "n1");
  c.run("h200", "n2").templateHash = "t2";
  c.run("mi300x", "m1");
  c.workload("h200", 1).statusReplicas = 2;
  c.workload("mi300x", 1);
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
  EXPECT_EQ(shareOf(c.plan(), "mi300x"), 1);
}

TEST(Planner, GivesAStuckVariantsUnitsAndNodesToOthers) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200("a")).variant(h200("b")));
  auto& pod = c.run("a", "n1");
  pod.ready = false;
  pod.readyChanged = c.now;
  EXPECT_EQ(shareOf(c.plan(), "a"), 1) << "it may still start";
  pod.waitingReason = "ImagePullBackOff";
  pod.waitingMessage = "no such image";
  c.now += 31min;
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "a"), 0);
  EXPECT_EQ(shareOf(plan, "b"), 1);
  EXPECT_THAT(refusalOf(plan, "a"),
              AllOf(StartsWith("NotStarting: variant a does not start: pod assistant-a-1: "),
                    HasSubstr("ImagePullBackOff: no such image")));
}

TEST(Planner, KeepsAStuckVariantWhereNothingElseCouldRun) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  c.run("h200", "n1").ready = false;
  c.now += 31min;
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
  EXPECT_TRUE(of(c.plan()).variant("h200")->stuck);
}

TEST(Planner, WithdrawsAVariantUntilItsTime) {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1"));
  c.add(assistant().variant(h200()).variant(mi300x()));
  c.withdrawn[{c.deployment().meta.uid, "h200"}] = {c.now + 1h, "variant h200 does not start: OOMKilled"};
  EXPECT_EQ(shareOf(c.plan(), "h200"), 0);
  EXPECT_EQ(shareOf(c.plan(), "mi300x"), 1);
  c.now += 1h;
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
}

TEST(Planner, CountsWhatAQuotaForbidsAsNotStarting) {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1"));
  c.add(assistant().variant(h200()).variant(mi300x()));
  auto& workload = c.workload("h200", 1);
  workload.failureReason = "FailedCreate";
  workload.failureMessage = "exceeded quota: gpus";
  workload.failureSince = c.now - 10min;
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
  workload.failureSince = c.now - 31min;
  EXPECT_EQ(shareOf(c.plan(), "mi300x"), 1);
  EXPECT_EQ(refusalOf(c.plan(), "h200"),
            "NotStarting: variant h200 does not start: FailedCreate: exceeded quota: gpus");
}

TEST(Planner, PlacesNothingNewOfAPassportThatIsMissingOrGoing) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2")).add(assistant().replicas(2).variant(h200()));
  c.run("h200", "n1");
  c.passports.front().meta.deleted = c.now;
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1) << "what runs stays";
  c.passports.clear();
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
  EXPECT_THAT(refusalOf(c.plan(), "h200"), StartsWith("PassportMissing: passport open of variant"));
}

TEST(Planner, TakesNothingNewWhereTheRegionIsCordoned) {
  Cluster c;
  c.region.cordoned = true;
  c.add(h200Node("n1")).add(h200Node("n2")).add(assistant().replicas(2).variant(h200()));
  c.run("h200", "n1");
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
  EXPECT_EQ(refusalOf(c.plan(), "h200"),
            "NoCapacity: region fra is cordoned and takes nothing new");
}

TEST(Planner, HoldsEverythingOfASpecThatCannotBeRead) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant());
  c.deployment().decodeError = "spec.replicas: not a number";
  c.run("h200", "n1");
  c.workload("h200", 1);
  const auto plan = c.plan();
  EXPECT_TRUE(of(plan).onHold);
  const auto step = c.step(plan);
  EXPECT_EQ(step.replicas.at("h200"), 1);
  EXPECT_TRUE(step.finished.empty());
  EXPECT_TRUE(step.marks.empty());
}

TEST(Planner, PlacesNothingWhilePaused) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2"));
  c.add(assistant().replicas(2).variant(h200()).with([](auto& s) { s.paused = true; }));
  c.run("h200", "n1");
  c.workload("h200", 1);
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 1);
  EXPECT_EQ(c.step(plan).replicas.at("h200"), 1);
}

TEST(Planner, ReplacesWhatIsOnACordonedNodeWhereThereIsRoom) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  c.run("h200", "n1");
  c.node("n1").unschedulable = true;
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
  EXPECT_EQ(of(c.plan()).variant("h200")->cordoned, 1) << "no room: it stays";
  c.add(h200Node("n2"));
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
  EXPECT_EQ(of(c.plan()).variant("h200")->cordoned, 0);
}

TEST(Planner, CountsTheRoomThatItsOwnLeavingReplicaGivesUp) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  c.run("h200", "n1").meta.deleted = c.now;
  c.wait("h200");
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
}

TEST(Planner, TakesWholeNodesForAReplicaOverSeveral) {
  Cluster c;
  c.leaderWorkerSets = true;
  for (const char* name : {"n1", "n2", "n3"}) c.add(h200Node(name));
  c.add(assistant().replicas(2).variant(h200().nodes(2)));
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
  EXPECT_THAT(refusalOf(c.plan(), "h200"), HasSubstr("on each of 2 nodes"));
  c.leaderWorkerSets = false;
  EXPECT_THAT(refusalOf(c.plan(), "h200"), StartsWith("EngineUnsupported: variant h200 spans"));
}

TEST(Planner, ReservesTheNodesThatABoundLeaderWaitsFor) {
  Cluster c;
  c.leaderWorkerSets = true;
  c.add(h200Node("n1")).add(h200Node("n2"));
  c.add(assistant().variant(h200().nodes(2)));
  c.add(assistant("other").variant(h200()));
  c.runGroup("h200", 0, {"n1"});
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 1);
  EXPECT_EQ(shareOf(plan, "h200", "other"), 0);
  EXPECT_FALSE(of(plan).replicas.front().ready) << "its worker is missing";
}

TEST(Planner, PromisesNoGapToATemplateThatFitsNowhere) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200("new").on("nvidia", {"NVIDIA-H200"}, 16)));
  c.run("old", "n1");
  c.workload("old", 1);
  EXPECT_FALSE(of(c.plan()).variant("new")->noRoomToSurge);
  EXPECT_EQ(refusalOf(c.plan(), "new"),
            "NoCapacity: variant new: a replica needs 16 nvidia.com/gpu on one node; the largest of "
            "1 lawful nodes has 8");
}

TEST(Planner, GivesTheUnitsOfAVariantWhoseObjectsAreRefusedToOthers) {
  Cluster c;
  c.add(h200Node("n1")).add(mi300xNode("m1"));
  c.add(assistant().variant(h200()).variant(mi300x()));
  const std::pair id{c.deployment().meta.uid, std::string("h200")};
  c.applyRefusals[id] = {c.now - 30min, 1, "Deployment assistant-h200: denied by policy x"};
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1) << "it has until its progress deadline";
  c.now += 1s;
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 0);
  EXPECT_EQ(shareOf(plan, "mi300x"), 1);
  EXPECT_EQ(refusalOf(plan, "h200"),
            "NotStarting: variant h200 does not start: Deployment assistant-h200: denied by policy "
            "x");
  std::erase_if(c.nodes, [](const auto& node) { return node.meta.key.name == "m1"; });
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1) << "nothing else could run: it is tried again";
}

TEST(Planner, PlansTheOthersWhereOneCannotBePlanned) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2"));
  c.add(assistant("bad").variant(h200())).add(assistant("good").variant(h200()));
  c.run("h200", "n1", "bad");
  c.workload("h200", 1, "bad");
  auto world = c.world();
  world.renderable = [](const auto& deployment, const auto&, const auto&) {
    if (deployment.meta.key.name == "bad") throw std::out_of_range("no such thing");
    return std::optional<policy::Refusal>();
  };
  const auto plan = plan::placeAll(world);
  EXPECT_EQ(shareOf(plan, "h200", "good"), 1);
  EXPECT_EQ(of(plan, "bad").refusal,
            (policy::Refusal{"InvalidSpec", "it cannot be planned: no such thing"}));
  EXPECT_EQ(c.step(plan, "bad").replicas.at("h200"), 1) << "what runs stays";
}

TEST(Planner, CountsNoPodsOfADeploymentOfTheSameNameThatIsGone) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  auto& pod = c.run("h200", "n1");
  pod.meta.annotations.set("bailiwick.dev/owner-uid", c.deployment().meta.uid);
  EXPECT_EQ(of(c.plan()).replicas.size(), 1u);
  pod.meta.annotations.set("bailiwick.dev/owner-uid", "another");
  EXPECT_TRUE(of(c.plan()).replicas.empty());
  EXPECT_EQ(shareOf(c.plan(), "h200"), 0) << "its devices are taken all the same";
}

}  // namespace
}  // namespace bailiwick::testing
