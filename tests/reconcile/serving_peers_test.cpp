#include "reconcile/serving_peers.hpp"

#include <gtest/gtest.h>

namespace bailiwick::testing {
namespace {

// Serves variant h200, and nothing speaks against it.
plan::PeerRow row(const std::string& name) {
  plan::PeerRow row;
  row.name = name;
  row.judgement.health = fleet::Health::Live;
  row.admitted = true;
  auto claim = std::make_shared<api::RegionEntry>();
  claim->ready = {{"h200", 2}, {"mi300x", 0}};
  row.claim = std::move(claim);
  auto region = std::make_shared<api::Region>();
  region->meta.key.name = name;
  row.region = std::move(region);
  return row;
}

std::vector<std::string> listed(std::vector<plan::PeerRow> rows) {
  plan::DeploymentPlan plan;
  plan.fleet.emplace();
  plan.fleet->peers = std::move(rows);
  std::vector<std::string> names;
  for (const auto& peer : reconcile::servingPeers(plan)) {
    EXPECT_EQ(peer.variants, std::set<std::string>{"h200"});
    names.push_back(peer.region->meta.key.name);
  }
  return names;
}

TEST(ServingPeers, AreThoseWithReadyReplicasWhateverElseIsSaidOfThem) {
  auto returning = row("gya"), frozen = row("iad"), idle = row("sto");
  returning.judgement = {fleet::Health::Returning, fleet::Why::FailbackPending, true};
  frozen.judgement.health = fleet::Health::Unknown;
  idle.claim = std::make_shared<api::RegionEntry>();
  EXPECT_EQ(listed({row("fra"), returning, frozen, idle}),
            (std::vector<std::string>{"fra", "gya", "iad"}));
}

TEST(ServingPeers, AreNoneWhereOneOfTheLiveSpecsForbidsIt) {
  auto forbidden = row("zrh"), unlawful = row("iad");
  forbidden.forbidden = true;
  unlawful.admitted = false;
  EXPECT_EQ(listed({row("fra"), forbidden, unlawful}), std::vector<std::string>{"fra"});
}

TEST(ServingPeers, AreNotLost) {
  auto lost = row("zrh");
  lost.judgement.health = fleet::Health::Lost;
  EXPECT_TRUE(listed({lost}).empty());
  EXPECT_TRUE(reconcile::servingPeers({}).empty()) << "a region that is alone";
}

}  // namespace
}  // namespace bailiwick::testing
