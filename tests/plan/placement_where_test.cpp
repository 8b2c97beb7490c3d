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

TEST(Pools, CountAsFreeOnlyWhatAReplicaCouldTake) {
  Cluster c;
  c.add(h200Node("free"))
      .add(h200Node("dedicated").taint("team.example/reserved"))
      .add(h200Node("tolerated").taint("nvidia.com/gpu", "present"))
      .add(h200Node("cordoned"));
  c.node("cordoned").unschedulable = true;
  const auto plan = c.plan();
  const auto pools = plan.pools.rows();
  ASSERT_EQ(pools.size(), 1u);
  EXPECT_EQ(pools[0].nodes, 4);
  EXPECT_EQ(pools[0].devices, 32);
  EXPECT_EQ(pools[0].nodesReady, 2);
  EXPECT_EQ(pools[0].devicesFree, 16);
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

}  // namespace
}  // namespace bailiwick::testing
