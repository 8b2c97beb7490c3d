// The plan of a region that has peers: its share, what it tells of them, and what they are worth as
// alternatives.

#include <gmock/gmock.h>

#include "plan/with_peers.hpp"

namespace bailiwick::testing {
namespace {

using fleet::Look;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(FleetPlan, ALoneRegionTakesEverythingAsBefore) {
  WithPeers c;
  const auto& status = c.visit();
  EXPECT_EQ(shareOf(c.planned, "h200"), 4);
  EXPECT_FALSE(of(c.planned).fleet);
  EXPECT_THAT(status.regions, SizeIs(1));
}

TEST(FleetPlan, ARegionRunsItsShareOnly) {
  WithPeers c;
  c.peer("zrh", "CH");
  c.says(0, 0, 0);
  c.pass(500);
  const auto& status = c.visit();
  EXPECT_EQ(shareOf(c.planned, "h200"), 2);
  EXPECT_EQ(status.regions[0].share, (std::vector<api::VariantCount>{{"h200", 2}}));
}

TEST(FleetPlan, APeerOutsideTheDomainGetsNothing) {
  WithPeers c;
  c.peer("iad", "US");
  c.says(0, 0, 0);
  c.pass(500);
  EXPECT_THAT(c.visit().regions, SizeIs(1)) << "it has no share and may have none";
  EXPECT_EQ(shareOf(c.planned, "h200"), 4);
}

TEST(FleetPlan, WhatAPeerOutsideTheDomainClaimsIsNotRelayed) {
  WithPeers c;
  c.peer("iad", "US");
  c.says(0, 3, 3);
  c.pass(500);
  const auto& status = c.visit();
  EXPECT_THAT(status.regions, SizeIs(1));
  EXPECT_EQ(status.summaryRegions, "fra");
  EXPECT_EQ(status.replicas, 0);
}

TEST(FleetPlan, StatusAddsUpTheDomain) {
  WithPeers c;
  c.peer("zrh", "CH");
  c.says(0, 2, 2);
  c.run("h200", "n0");
  c.run("h200", "n1");
  c.workload("h200", 2);
  c.pass(500);
  c.visit();
  const auto& status = c.visit();
  EXPECT_EQ(status.replicas, 4);
  EXPECT_EQ(status.summaryRegions, "fra,zrh");
  ASSERT_THAT(status.regions, SizeIs(2));
  EXPECT_EQ(status.regions[1].name, "zrh");
  EXPECT_EQ(status.regions[1].health, "Live");
  EXPECT_FALSE(status.regions[1].self);
  ASSERT_THAT(status.variants, SizeIs(1));
  EXPECT_EQ(status.variants[0].assigned, 4);
  EXPECT_EQ(status.variants[0].ready, 4);
  EXPECT_THAT(c.why("Ready"), HasSubstr("True AllReplicasReady"));
  EXPECT_THAT(c.why("Placed"), HasSubstr("True"));
  EXPECT_THAT(c.why("SpecInSync"), HasSubstr("True InSync: the spec is the same in zrh"));
}

TEST(FleetPlan, APeersOfferAloneWritesNothing) {
  WithPeers c;
  c.peer("zrh", "CH");
  c.says(0, 2, 2);
  c.pass(500);
  c.visit();
  const auto before = c.visit();
  c.says(0, 2, 2, 5);
  c.pass(500);
  EXPECT_EQ(c.visit(), before);
}

TEST(FleetPlan, ALostRegionIsTakenOverAndShown) {
  WithPeers c;
  c.peer("zrh", "CH");
  c.says(0, 2, 2);
  c.pass(500);
  c.visit();
  c.pass(10000, Look::Unreachable);
  const auto& status = c.visit();
  EXPECT_EQ(shareOf(c.planned, "h200"), 4);
  EXPECT_EQ(status.regions[1].health, "Lost");
  EXPECT_EQ(status.summaryRegions, "fra");
}

TEST(FleetPlan, AfterARestartWhatServesOfAVariantThatLeftTheSpecIsNotGivenUp) {
  WithPeers c;
  c.peer("zrh", "CH");
  c.says(0, 2, 0);
  for (int n = 0; n < 4; ++n) c.run("old", "n" + std::to_string(n));
  c.workload("old", 4);
  c.pass(6000);
  c.visit();
  EXPECT_EQ(shareOf(c.planned, "h200"), 2);
  EXPECT_EQ(of(c.planned).wanted, 4000) << "nobody serves them elsewhere yet";
  EXPECT_TRUE(c.step(c.planned).marks.empty());
}

TEST(FleetPlan, ALossIsNotForgottenByOneWhoIsRefusedAndBeginsAnew) {
  WithPeers c;
  c.peer("zrh", "CH");
  c.says(0, 2, 2);
  c.pass(500);
  c.visit();
  c.pass(10000, Look::Unreachable);
  ASSERT_EQ(c.visit().regions[1].health, "Lost");
  c.pass(500, Look::Refused);
  EXPECT_EQ(c.visit().regions[1].health, "Lost");
  c.memory = fleet::Memory("fra");
  c.view.peers[0].sightings = fleet::Sightings(c.view.now);
  c.view.peers[0].deployments = nullptr;
  c.pass(500, Look::Refused);
  c.visit();
  EXPECT_EQ(shareOf(c.planned, "h200"), 4) << "what it had is nobody's";
}

TEST(FleetPlan, SaysRegionLostWhileItsUnitsHaveNoPlace) {
  WithPeers c(10);
  c.peer("zrh", "CH");
  c.says(0, 4, 4);
  c.pass(500);
  c.visit();
  c.pass(10000, Look::Unreachable);
  EXPECT_THAT(c.why("Placed"), HasSubstr("False RegionLost: 6 of 10 units have a lawful place: zrh lost; 4 units have "
                        "no other lawful place yet"));
}

TEST(FleetPlan, WhoMayBeCutOffSaysSoAndNotThatThereIsNoRoom) {
  WithPeers c(4);
  c.peer("zrh", "CH");
  c.peer("par", "FR");
  c.says(0, 2, 2);
  c.says(1, 1, 1);
  c.pass(500);
  c.visit();
  c.pass(10000, Look::Unreachable);
  EXPECT_THAT(c.why("Placed"), HasSubstr("False RegionLost: 2 of 4 units have a lawful place: no "
                                         "peer answers, so this region may be the one"));
}

TEST(FleetPlan, SaysARefusalOnce) {
  WithPeers c(10);
  auto& variants = c.deployments.front().spec.variants;
  variants.push_back(variants[0]);
  variants[1].name = "mi300x";
  variants[1].accelerator.vendor = "amd";
  variants[1].accelerator.products = {"AMD_Instinct_MI300X_OAM"};
  c.peer("zrh", "CH");
  c.says(0, 4, 4);
  c.pass(500);
  c.visit();
  c.pass(10000, Look::Unreachable);
  const auto told = c.why("Placed");
  const auto first = told.find("no node offers amd.com/gpu");
  ASSERT_NE(first, std::string::npos) << told;
  EXPECT_EQ(told.find("no node offers amd.com/gpu", first + 1), std::string::npos) << told;
}

TEST(FleetPlan, SaysWhereAndInWhatSpecsDiffer) {
  WithPeers c;
  c.peer("zrh", "CH");
  c.says(0, 2, 2, 6, 5);
  c.pass(6000);
  EXPECT_THAT(c.why("SpecInSync"),
              HasSubstr("False SpecDiverged: region zrh has another spec (replicas)"));
}

TEST(FleetPlan, NothingIsSentWhereALivePeersSpecForbidsIt) {
  WithPeers c(6);
  c.peer("par", "FR");
  c.peer("zrh", "CH");
  c.says(0, 2, 2);
  c.says(1, 2, 2);
  auto list = std::make_shared<fleet::PeerDeployments>(*c.view.peers[1].deployments);
  auto object = std::make_shared<api::ModelDeployment>(*list->begin()->second);
  object->spec.placement.jurisdictions = {"CH"};
  object->status.regions[0].specHash = api::specHash(object->spec);
  list->begin()->second = object;
  c.view.peers[1].deployments = list;
  c.pass(6000);
  c.visit();
  const auto& peers = of(c.planned).fleet->peers;
  ASSERT_THAT(peers, SizeIs(2));
  EXPECT_TRUE(peers[0].forbidden) << "par";
  EXPECT_FALSE(peers[1].forbidden) << "zrh";
  EXPECT_EQ(of(c.planned).fleet->assignedElsewhere, 4000) << "what is there counts";
}

TEST(FleetPlan, OtherPassportsAreAConflictAndNoDivergence) {
  WithPeers c;
  c.peer("zrh", "CH");
  c.says(0, 2, 2);
  auto list = std::make_shared<fleet::PeerDeployments>(*c.view.peers[0].deployments);
  auto object = std::make_shared<api::ModelDeployment>(*list->begin()->second);
  object->status.regions[0].passportHash = "others";
  list->begin()->second = object;
  c.view.peers[0].deployments = list;
  c.pass(500);
  EXPECT_THAT(c.why("SpecInSync"), HasSubstr("False PassportConflict"));
}

TEST(FleetPlan, WhatIsGivenUpServesUntilPeersWereAsked) {
  WithPeers c;
  for (int n = 0; n < 4; ++n) c.run("h200", "n" + std::to_string(n));
  c.workload("h200", 4);
  c.visit();  // alone
  c.peer("zrh", "CH");
  c.says(0, 2, 2);
  c.pass(11000);
  const auto& status = c.visit();
  EXPECT_EQ(status.regions[0].share, (std::vector<api::VariantCount>{{"h200", 2}}));
  EXPECT_EQ(shareOf(c.planned, "h200"), 4);
  c.visit();
  const auto& decision = of(c.planned).fleet->decision;
  ASSERT_TRUE(decision.inquiry);
  c.memory.answered("uid-assistant", {decision.inquiry->ticket, 2000}, c.view.now);
  c.visit();
  EXPECT_EQ(shareOf(c.planned, "h200"), 2);
  EXPECT_EQ(of(c.planned).wanted, 2000);
}

TEST(FleetPlan, ALowerPriorityLeavesFreeWhatNobodyHasPromised) {
  WithPeers c(8);
  c.deployments.front().spec.priority = 10;
  c.peer("zrh", "CH");
  c.says(0, 0, 0);
  c.pass(500);
  c.add(assistant("lower").in({"EU"}).residency({}).replicas(4).variant(h200()));
  c.memory.update(c.view, {&c.deployments[0], &c.deployments[1]}, c.now);
  auto world = c.world();
  world.fleet = &c.view;
  world.fleetMemory = &c.memory;
  const auto plan = plan::placeAll(world);
  EXPECT_EQ(shareOf(plan, "h200"), 4);
  // Of the two that are left, zrh has not promised its four yet.
  EXPECT_EQ(of(plan, "lower").variants[0].offer, 0);
}

TEST(FleetPlan, APeersRoomIsAnAlternativeToTheRegion) {
  WithPeers c;
  c.peer("zrh", "CH");
  c.says(0, 2, 2);
  c.run("h200", "n0");
  c.run("h200", "n1");
  c.workload("h200", 2);
  c.pass(500);
  c.visit();
  c.visit();
  const auto answerTo = [&](plan::DependencyKind kind) {
    for (const auto& answer : of(c.planned).dependencies) {
      if (answer.dependency.kind == kind) return answer;
    }
    return plan::Answer{};
  };
  EXPECT_EQ(answerTo(plan::DependencyKind::Region).alternative, "h200@zrh");
  EXPECT_EQ(answerTo(plan::DependencyKind::Jurisdiction).alternative, "h200@zrh");
  EXPECT_EQ(answerTo(plan::DependencyKind::Provider).alternative, "h200@zrh");
  EXPECT_NE(answerTo(plan::DependencyKind::Vendor).verdict, plan::Verdict::Ready);
  c.says(0, 2, 2, 3);
  c.pass(500);
  c.visit();
  EXPECT_EQ(answerTo(plan::DependencyKind::Region).verdict, plan::Verdict::NoCapacity);
}

}  // namespace
}  // namespace bailiwick::testing
