#include "fleet/decision.hpp"

#include <gmock/gmock.h>

#include <set>

#include "api/hash.hpp"
#include "fleet/fixture.hpp"

namespace bailiwick::testing {
namespace {

using fleet::Counts;
using fleet::Look;
using fleet::Mono;
using ::testing::ElementsAre;

constexpr api::Time wall{std::chrono::microseconds{1795428000000000}};

// zrh, one of several; all Live until something is said.
class Zrh {
 public:
  explicit Zrh(std::vector<std::string> names, int units = 4) {
    deployment = makeDeployment("assistant", "team")
                     .replicas(units)
                     .variant(makeVariant("h200"))
                     .obj();
    for (auto& name : names) {
      fleet::Peer peer;
      peer.name = std::move(name);
      peer.sightings = fleet::Sightings(view.now);
      view.peers.push_back(peer);
    }
  }
  void says(std::size_t peer, int share, int ready, std::optional<int> units = {}) {
    auto object = std::make_shared<api::ModelDeployment>(deployment);
    if (units) object->spec.replicas = *units;
    api::RegionEntry entry;
    entry.name = view.peers[peer].name;
    entry.self = true;
    entry.sequence = ++sequence;
    entry.specHash = api::specHash(object->spec);
    entry.offer = {{"h200", 6, {}, "", ""}};
    entry.share = {{"h200", share}};
    entry.ready = {{"h200", ready}};
    object->status.regions = {entry};
    auto list = std::make_shared<fleet::PeerDeployments>();
    (*list)[deployment.meta.key] = object;
    view.peers[peer].deployments = list;
  }
  void publish(int share) {
    api::RegionEntry entry;
    entry.name = "zrh";
    entry.self = true;
    if (share > 0) entry.share = {{"h200", share}};
    deployment.status.regions = {entry};
    running = share;
  }
  void pass(int millis, Look look = Look::Changed) {
    for (int passed = 0; passed < millis; passed += 250) {
      view.now += Mono(250);
      for (auto& peer : view.peers) peer.sightings.look(look, view.now);
      memory.update(view, {&deployment}, wall);
    }
  }
  // At the first two peers, while nothing is planned.
  void look(int millis, Look first, Look second) {
    for (int passed = 0; passed < millis; passed += 250) {
      view.now += Mono(250);
      view.peers[0].sightings.look(first, view.now);
      view.peers[1].sightings.look(second, view.now);
    }
  }
  fleet::Decision decide() {
    memory.update(view, {&deployment}, wall);
    fleet::Here here{deployment, "zrh"};
    here.offer = {{"h200", offer, {}, "", ""}};
    here.running = here.ready = {running};
    here.foreignSpecForbids = foreignSpecForbids;
    const auto* course = memory.course(deployment.meta.uid);
    std::vector<fleet::PeerInput> inputs;
    for (const auto& peer : view.peers) {
      inputs.push_back({&peer, &course->peers.at(peer.name), forbidden.contains(peer.name)});
    }
    auto decision = fleet::decide(here, *course, inputs, view);
    memory.keep(deployment.meta.uid, decision.handover);
    return decision;
  }
  api::ModelDeployment deployment;
  fleet::FleetView view;
  fleet::Memory memory{"zrh"};
  int running = 0, offer = 6;
  bool foreignSpecForbids = false;
  std::set<std::string> forbidden;  // peers
  std::int64_t sequence = 0;
};

// With ams and fra, each of which has two of six units.
Zrh oneOfThree() {
  Zrh zrh({"ams", "fra"}, 6);
  zrh.publish(2);
  zrh.says(0, 2, 2);
  zrh.says(1, 2, 2);
  zrh.pass(500);
  zrh.decide();
  return zrh;
}

TEST(Decision, WaitsForPeersToSpeakOfANewSpec) {
  Zrh zrh({"fra"});
  zrh.pass(250);
  const auto decision = zrh.decide();
  EXPECT_TRUE(decision.awaiting);
  EXPECT_EQ(decision.run, Counts{0});
}

TEST(Decision, GoesOnWithoutThoseThatStaySilent) {
  Zrh zrh({"fra"});
  zrh.pass(6000);
  EXPECT_EQ(zrh.decide().run, Counts{4});
}

TEST(Decision, TakesItsPartWhenTheyHaveSpoken) {
  Zrh zrh({"fra"});
  zrh.says(0, 0, 0);
  zrh.pass(250);
  EXPECT_EQ(zrh.decide().run, Counts{2});
}

TEST(Decision, TakesOverFromALostPeer) {
  Zrh zrh({"fra"});
  zrh.publish(2);
  zrh.says(0, 2, 2);
  zrh.pass(500);
  EXPECT_EQ(zrh.decide().run, Counts{2});
  zrh.pass(10000, Look::Unreachable);
  const auto decision = zrh.decide();
  EXPECT_THAT(decision.lost, ElementsAre("fra"));
  EXPECT_EQ(decision.run, Counts{4});
  EXPECT_EQ(decision.publish, Counts{4});
}

TEST(Decision, HoldsWhenNobodyAnswersInAFleetOfThree) {
  auto zrh = oneOfThree();
  zrh.pass(20000, Look::Unreachable);
  EXPECT_TRUE(zrh.decide().isolated);
  EXPECT_EQ(zrh.decide().run, Counts{2});
  zrh.deployment.spec.failover.onIsolation = "Expand";
  EXPECT_EQ(zrh.decide().run, Counts{6});
}

TEST(Decision, WhoHeldWhileAloneTakesNothingWhenTheOthersAnswerAgain) {
  for (const int later : {0, 5000}) {
    auto zrh = oneOfThree();
    zrh.pass(20000, Look::Unreachable);
    zrh.decide();
    for (int passed = 0; passed < later; passed += 250) {  // one of them first
      zrh.look(250, Look::Changed, Look::Unreachable);
      EXPECT_EQ(zrh.decide().run, Counts{2}) << passed;
    }
    for (int passed = 0; passed < 30000; passed += 250) {
      zrh.pass(250);
      EXPECT_EQ(zrh.decide().run, Counts{2}) << later << " " << passed;
    }
  }
}

TEST(Decision, WhoIsStillSilentWhenAnotherAnswersAgainIsLostAfterItsTime) {
  auto zrh = oneOfThree();
  zrh.pass(20000, Look::Unreachable);
  int taken = 0;
  for (int passed = 0; passed < 20000; passed += 250) {
    zrh.look(250, Look::Changed, Look::Unreachable);
    const auto decision = zrh.decide();
    if (decision.run != Counts{2} && taken == 0) taken = passed;
  }
  EXPECT_NEAR(taken, 10000, 500);
}

TEST(Decision, TheHoldIsCountedFromTheFirstAnswerWhateverWasPlannedMeanwhile) {
  auto zrh = oneOfThree();
  zrh.look(4000, Look::Unreachable, Look::Unreachable);
  zrh.decide();
  zrh.look(60000, Look::Unreachable, Look::Unreachable);
  zrh.look(250, Look::Changed, Look::Unreachable);
  EXPECT_EQ(zrh.decide().run, Counts{2});
  zrh.look(9000, Look::Changed, Look::Unreachable);
  EXPECT_EQ(zrh.decide().run, Counts{2}) << "fra may be about to answer";
}

TEST(Decision, WhoCouldNeverBeAskedDoesNotMakeAFleetOfThree) {
  Zrh zrh({"fra", "iad"});
  zrh.publish(2);
  zrh.says(0, 2, 2);
  for (int passed = 0; passed < 15000; passed += 250) {
    zrh.look(250, passed < 500 ? Look::Changed : Look::Unreachable, Look::NotAsked);
    zrh.decide();
  }
  EXPECT_EQ(zrh.decide().run, Counts{4}) << "fra is lost";
}

TEST(Decision, AProcessThatBeginsHoldsOnlyUntilTheFirstAnswer) {
  Zrh zrh({"ams", "fra"}, 6);
  zrh.publish(2);
  zrh.says(0, 2, 2);
  zrh.says(1, 2, 2);
  auto& regions = zrh.deployment.status.regions;
  regions.emplace_back().name = "fra";
  regions.back().health = "Lost";
  EXPECT_EQ(zrh.decide().run, Counts{2});
  for (int passed = 0; passed < 500; passed += 250) {
    zrh.look(250, Look::Changed, Look::Unreachable);
  }
  EXPECT_GT(zrh.decide().run, Counts{2}) << "fra was lost before";
}

TEST(Decision, GivesUpWhatAPeerHoldsAgainOnlyWhenAsked) {
  Zrh zrh({"fra"});
  zrh.publish(4);
  zrh.says(0, 2, 2);
  zrh.pass(500);
  EXPECT_EQ(zrh.decide().publish, Counts{4}) << "who was not there a moment ago is not counted on";
  zrh.pass(10000);
  auto decision = zrh.decide();
  EXPECT_EQ(decision.publish, Counts{2});
  EXPECT_EQ(decision.run, Counts{4});
  zrh.publish(2);
  zrh.running = 4;
  decision = zrh.decide();
  ASSERT_TRUE(decision.inquiry);
  EXPECT_THAT(decision.inquiry->peers, ElementsAre("fra"));
}

TEST(Decision, CountsOnWhoWasSuspectOnlyAfterLostAfter) {
  Zrh zrh({"fra"});
  zrh.publish(4);
  zrh.says(0, 2, 2);
  zrh.pass(500);
  zrh.decide();
  zrh.pass(10000);
  zrh.pass(5000, Look::Unreachable);
  zrh.pass(250);
  const auto decision = zrh.decide();
  EXPECT_EQ(decision.publish, Counts{4}) << "it may have been away, and say what was so before";
  ASSERT_TRUE(decision.wakeAt);
  zrh.pass(10000);
  EXPECT_EQ(zrh.decide().publish, Counts{2});
}

TEST(Decision, OtherSpecsStopRebalancing) {
  Zrh zrh({"fra"});
  zrh.publish(4);
  zrh.says(0, 2, 2, 5);
  zrh.pass(6000);
  const auto decision = zrh.decide();
  EXPECT_THAT(decision.diverged, ElementsAre("fra"));
  EXPECT_EQ(decision.publish, Counts{4});
}

TEST(Decision, NothingNewWhereAnotherSpecForbidsIt) {
  Zrh zrh({"fra"});
  zrh.publish(1);
  zrh.says(0, 2, 2, 5);
  zrh.pass(6000);
  zrh.foreignSpecForbids = true;
  EXPECT_EQ(zrh.decide().run, Counts{1});
}

TEST(Decision, WhatAnotherSpecForbidsStandsWhereItIs) {
  Zrh zrh({"fra", "iad"}, 8);
  zrh.publish(2);
  zrh.says(0, 2, 2);
  zrh.says(1, 2, 2, 5);
  zrh.forbidden = {"fra"};
  zrh.pass(6000);
  EXPECT_EQ(zrh.decide().run, Counts{4}) << "fra keeps its two, and gets none of those that are missing";
}

TEST(Decision, AnotherSpecsClaimIsBoundByOnesOwn) {
  Zrh zrh({"fra", "iad"}, 6);
  zrh.deployment.spec.placement.maxPerRegion = 3;
  zrh.publish(2);
  zrh.says(0, 0, 0);
  zrh.says(1, 6, 6, 1'000'000);
  zrh.pass(6000);
  const auto decision = zrh.decide();
  EXPECT_EQ(fleet::unitsOf(decision.run, zrh.deployment.spec) + decision.pending, 3000)
      << "iad has three at most";
}

TEST(Decision, FindingsLeaveOutWhoHasAnotherSpecOrIsNotLive) {
  Zrh zrh({"fra"});
  zrh.says(0, 3, 3);
  zrh.pass(500);
  const auto object = *zrh.view.peers[0].deployments->begin()->second;
  auto other = object;
  other.status.regions[0].specHash = "another";
  const auto held = [&](const api::ModelDeployment& read) {
    const auto* course = zrh.memory.course(zrh.deployment.meta.uid);
    return fleet::findingsOf(1, zrh.deployment.spec, *course, {{"fra", read}}).held;
  };
  EXPECT_EQ(held(object), 3000);
  EXPECT_EQ(held(other), 0);
  zrh.pass(5000, Look::Unreachable);
  EXPECT_EQ(held(object), 0);
}

TEST(Decision, FindingsCountTheSmallerOfShareAndReady) {
  Zrh zrh({"fra"});
  zrh.says(0, 3, 2);
  zrh.pass(500);
  const auto& object = *zrh.view.peers[0].deployments->begin()->second;
  const auto* course = zrh.memory.course(zrh.deployment.meta.uid);
  EXPECT_EQ(fleet::findingsOf(1, zrh.deployment.spec, *course, {{"fra", object}}).held, 2000);
  EXPECT_EQ(fleet::findingsOf(1, zrh.deployment.spec, *course, {{"ams", object}}).held, 0) << "not its own word";
}

TEST(Decision, FindingsLeaveOutAnOlderWord) {
  Zrh zrh({"fra"});
  zrh.says(0, 4, 4);
  const auto old = *zrh.view.peers[0].deployments->begin()->second;
  zrh.says(0, 1, 1);
  zrh.pass(500);
  const auto* course = zrh.memory.course(zrh.deployment.meta.uid);
  EXPECT_EQ(fleet::findingsOf(1, zrh.deployment.spec, *course, {{"fra", old}}).held, 0);
}

TEST(Decision, ALiarCannotClaimMoreThanItOffers) {
  Zrh zrh({"fra"});
  zrh.says(0, 1'000'000, 1'000'000);
  zrh.pass(500);
  const auto& object = *zrh.view.peers[0].deployments->begin()->second;
  const auto* course = zrh.memory.course(zrh.deployment.meta.uid);
  EXPECT_EQ(fleet::findingsOf(1, zrh.deployment.spec, *course, {{"fra", object}}).held, 4000);
}

}  // namespace
}  // namespace bailiwick::testing
