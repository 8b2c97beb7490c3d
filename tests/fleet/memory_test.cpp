#include "fleet/memory.hpp"

#include <gtest/gtest.h>

#include "fleet/fixture.hpp"

namespace bailiwick::testing {
namespace {

using namespace std::chrono_literals;
using fleet::Look;
using fleet::Mono;

constexpr api::Time wall{std::chrono::microseconds{1795428000000000}};

// zrh looks at fra.
class Looking {
 public:
  Looking() {
    deployment = makeDeployment("assistant", "team").replicas(4).variant(makeVariant("h200")).obj();
    fleet::Peer peer;
    peer.name = "fra";
    peer.sightings = fleet::Sightings(view.now);
    view.peers.push_back(peer);
  }
  void says(std::int64_t sequence, int share, const std::string& uid = "uid-fra") {
    auto object = std::make_shared<api::ModelDeployment>(deployment);
    object->meta.uid = uid;
    api::RegionEntry entry;
    entry.name = "fra";
    entry.self = true;
    entry.sequence = sequence;
    entry.share = {{"h200", share}};
    object->status.regions = {entry};
    auto list = std::make_shared<fleet::PeerDeployments>();
    (*list)[deployment.meta.key] = object;
    view.peers[0].deployments = list;
  }
  const fleet::PeerCourse& update(Mono later = Mono(100)) {
    view.now += later;
    view.peers[0].sightings.look(Look::Changed, view.now);
    memory.update(view, {&deployment}, wall);
    return memory.course(deployment.meta.uid)->peers.at("fra");
  }
  int share(Mono later = Mono(100)) {
    const auto& peer = update(later);
    return peer.claim && !peer.claim->share.empty() ? peer.claim->share[0].replicas : -1;
  }
  api::ModelDeployment deployment;
  fleet::FleetView view;
  fleet::Memory memory{"zrh"};
};

TEST(Memory, ALowerNumberIsRefused) {
  Looking looking;
  looking.says(10, 2);
  EXPECT_EQ(looking.share(), 2);
  looking.says(9, 4);
  EXPECT_EQ(looking.share(), 2);
  looking.says(11, 3);
  EXPECT_EQ(looking.share(), 3);
}

TEST(Memory, TheSameNumberMayNotSayAnythingElse) {
  Looking looking;
  looking.says(10, 2);
  looking.share();
  looking.says(10, 4);
  EXPECT_EQ(looking.share(), 2);
}

TEST(Memory, NumbersThatStayLowAreThoseOfARestoredBackup) {
  Looking looking;
  looking.says(10, 2);
  looking.share();
  looking.says(9, 4);
  EXPECT_EQ(looking.share(), 2);
  EXPECT_EQ(looking.share(Mono(9000)), 2);
  EXPECT_EQ(looking.share(Mono(1000)), 4);
}

TEST(Memory, AnotherObjectOfThatNameBeginsAnew) {
  Looking looking;
  looking.says(10, 2);
  looking.share();
  looking.says(1, 4, "another");
  EXPECT_EQ(looking.share(), 4);
}

TEST(Memory, WhatAPeerNoLongerHasItDoesNotClaim) {
  Looking looking;
  looking.says(10, 2);
  looking.share();
  looking.view.peers[0].deployments = std::make_shared<fleet::PeerDeployments>();
  EXPECT_EQ(looking.share(), -1);
}

TEST(Memory, WhatCannotBeUnderstoodAnyMoreStandsAsItWasSaid) {
  Looking looking;
  looking.says(10, 2);
  looking.share();
  looking.view.peers[0].deployments = std::make_shared<fleet::PeerDeployments>();
  looking.view.peers[0].unreadable = {looking.deployment.meta.key};
  EXPECT_EQ(looking.share(), 2);
  looking.view.peers[0].unreadable = {};
  EXPECT_EQ(looking.share(), -1);
}

TEST(Memory, OthersWordsOfARegionAreNobodysInput) {
  Looking looking;
  looking.says(10, 2);
  auto object = std::make_shared<api::ModelDeployment>(
      *looking.view.peers[0].deployments->begin()->second);
  object->status.regions[0].self = false;
  auto list = std::make_shared<fleet::PeerDeployments>();
  (*list)[looking.deployment.meta.key] = object;
  looking.view.peers[0].deployments = list;
  EXPECT_EQ(looking.share(), -1);
}

TEST(Memory, APeerThatWasNotReadYetIsWhatOurOwnStatusSays) {
  Looking looking;
  api::RegionEntry entry;
  entry.name = "fra";
  entry.health = "Lost";
  entry.share = {{"h200", 2}};
  looking.deployment.status.regions = {entry};
  EXPECT_EQ(looking.share(), 2);
  EXPECT_EQ(looking.update().standing.judgement().health, fleet::Health::Returning)
      << "it was Lost before, and is seen now";
}

}  // namespace
}  // namespace bailiwick::testing
