#include "plan/placement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Planner, PlacesOnLawfulNodesOnly) {
  Cluster c;
  c.add(h200Node("n1")).add(h200Node("n2").jurisdiction("FR"));
  c.add(assistant().replicas(2).variant(h200()));
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 1);
  EXPECT_EQ(of(plan).assigned, 1000);
}

TEST(Planner, HoldsWhenNoLegalPlaceExists) {
  Cluster c;
  c.add(makeNode("n1").region("eu-central-1").label("nvidia.com/gpu.product", "NVIDIA-H200")
            .allocatable("nvidia.com/gpu", "8"));
  c.add(assistant().variant(h200()));
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 0);
  EXPECT_EQ(refusalOf(plan, "h200"),
            "NoLegalPlace: variant h200: node n1 lacks label "
            "data-residency.bailiwick.dev/eu-personal: \"true\"");
}

TEST(Planner, NeedsTheClassOnTheRegionAsWell) {
  Cluster c;
  c.region.residencyClasses = {};
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  EXPECT_THAT(refusalOf(c.plan(), "h200"),
              StartsWith("NoLegalPlace: region fra does not allow residency class eu-personal"));
}

TEST(Planner, SaysWhereANodeIsUnknownOrContradictory) {
  Cluster c;
  auto& node = c.add(h200Node("n1")).add(assistant().variant(h200())).node("n1");
  node.meta.labels.erase("topology.kubernetes.io/region");
  EXPECT_THAT(refusalOf(c.plan(), "h200"), StartsWith("LocationUnknown: variant h200: node n1: "));
  node.meta.labels.set("bailiwick.dev/jurisdiction", "US");
  EXPECT_THAT(refusalOf(c.plan(), "h200"),
              StartsWith("LocationContradictory: variant h200: node n1: label "
                         "bailiwick.dev/jurisdiction=US"));
}

TEST(Planner, SaysWhatHardwareIsThere) {
  Cluster c;
  c.add(assistant().variant(h200()));
  EXPECT_EQ(refusalOf(c.plan(), "h200"),
            "NoMatchingPool: variant h200: no node offers nvidia.com/gpu");
  c.add(h200Node("n1").label("nvidia.com/gpu.product", "NVIDIA-H200-SHARED"));
  EXPECT_EQ(refusalOf(c.plan(), "h200"),
            "NoMatchingPool: variant h200: no node that offers nvidia.com/gpu has product "
            "NVIDIA-H200; there is NVIDIA-H200-SHARED");
}

TEST(Planner, NeedsAReplicasDevicesOnOneNode) {
  Cluster c;
  c.add(h200Node("n1").allocatable("nvidia.com/gpu", "4"));
  c.add(h200Node("n2").allocatable("nvidia.com/gpu", "4"));
  c.add(assistant().variant(h200()));
  EXPECT_EQ(refusalOf(c.plan(), "h200"),
            "NoCapacity: variant h200: a replica needs 8 nvidia.com/gpu on one node; the largest of "
            "2 lawful nodes has 4");
}

TEST(Planner, CountsOtherPeoplesPods) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  c.add(makePod("theirs", "lab").on("n1").requests("nvidia.com/gpu", 1000));
  EXPECT_EQ(shareOf(c.plan(), "h200"), 0);
  c.pods.back().terminated = true;
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1) << "a finished pod holds nothing";
  c.pods.back().terminated = false;
  c.pods.back().node.clear();
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1) << "neither does one that is not bound";
}

TEST(Planner, TellsApartTheVendorsOfOneNode) {
  Cluster c;
  c.add(h200Node("both")
            .label("amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM")
            .allocatable("amd.com/gpu", "8"));
  c.add(assistant().replicas(2).variant(h200()).variant(mi300x()));
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 1);
  EXPECT_EQ(shareOf(plan, "mi300x"), 1);
  EXPECT_EQ(plan.pools.rows().size(), 2u);
}

TEST(Planner, CountsDevicesOnceWhereTwoFamiliesOfferThem) {
  Cluster c;
  c.add(makeNode("n").jurisdiction("DE").label("accelerator", "huawei-Ascend910")
            .label("node.kubernetes.io/npu.chip.name", "910B3")
            .allocatable("huawei.com/Ascend910", "8"));
  const auto plan = c.plan();
  ASSERT_EQ(plan.pools.rows().size(), 1u);
  EXPECT_EQ(plan.pools.rows().front().name, "huawei-ascend-910b3");
  EXPECT_EQ(plan.pools.rows().front().devices, 8);
}

TEST(Planner, LeavesOutNodesThatTakeNothing) {
  for (const auto& node :
       {h200Node("n").cordoned(), h200Node("n").ready(false),
        h200Node("n").taint("node.kubernetes.io/disk-pressure"),
        h200Node("n").taint("team.example/reserved"),
        h200Node("n").taint("nvidia.com/gpu", "", "NoExecute")}) {
    Cluster c;
    c.add(node).add(assistant().variant(h200()));
    EXPECT_EQ(shareOf(c.plan(), "h200"), 0);
    EXPECT_THAT(refusalOf(c.plan(), "h200"), StartsWith("NoCapacity: "));
  }
}

TEST(Planner, ToleratesTheTaintOfThePoolAndSoftOnes) {
  Cluster c;
  c.add(h200Node("n").taint("nvidia.com/gpu", "present").taint("x", "", "PreferNoSchedule"));
  c.add(assistant().variant(h200()));
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
}

TEST(Planner, SaysWhichTaintNothingTolerates) {
  Cluster c;
  c.add(h200Node("n").taint("team.example/reserved")).add(assistant().variant(h200()));
  EXPECT_THAT(refusalOf(c.plan(), "h200"), HasSubstr("carry taint team.example/reserved"));
}

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

TEST(Planner, RefusesPlacesOutsideTheDomain) {
  Cluster c;
  c.add(h200Node("n1"));
  c.add(assistant().in({"CN"}).variant(h200()));
  EXPECT_EQ(refusalOf(c.plan(), "h200"),
            "NoLegalPlace: region fra is in DE; spec.placement.jurisdictions allows CN");
  c.deployment().spec.placement.jurisdictions = {"EU", "XX"};
  EXPECT_THAT(refusalOf(c.plan(), "h200"), StartsWith("InvalidSpec: spec.placement.jurisdictions: XX"));
}

TEST(Planner, NarrowsByRegionNamesAndLabels) {
  Cluster c;
  c.add(h200Node("n1")).add(assistant().variant(h200()));
  auto& placement = c.deployment().spec.placement;
  placement.regionNames = {"zrh"};
  EXPECT_EQ(refusalOf(c.plan(), "h200"),
            "NoLegalPlace: region fra is not among spec.placement.regions.names (zrh)");
  placement.regionNames = {"zrh", "fra"};
  placement.regionMatchLabels = {{"tier", "gold"}};
  EXPECT_THAT(refusalOf(c.plan(), "h200"), HasSubstr("region fra lacks label tier=gold"));
  c.region.meta.labels.set("tier", "gold");
  EXPECT_EQ(shareOf(c.plan(), "h200"), 1);
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

TEST(Planner, HoldsAVariantWhoseWorkloadIsOfTheOtherKind) {
  Cluster c;
  c.leaderWorkerSets = true;
  for (const char* name : {"n1", "n2", "n3"}) c.add(h200Node(name));
  c.add(assistant().variant(h200().nodes(2)));
  c.run("h200", "n1");
  c.workload("h200", 1);
  const auto plan = c.plan();
  EXPECT_EQ(shareOf(plan, "h200"), 1) << "what runs stays";
  EXPECT_FALSE(of(plan).variant("h200")->requirement) << "and nothing is made beside it";
  EXPECT_EQ(refusalOf(plan, "h200"),
            "InvalidSpec: variant h200: accelerator.nodes is 2, and Deployment assistant-h200 runs "
            "its replicas: give the variant another name");
  c.workload("h200", 1).groups = true;
  EXPECT_TRUE(of(c.plan()).variant("h200")->requirement);
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
