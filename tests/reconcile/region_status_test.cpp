// What a region tells of itself in the status of its own Region object, and when.

#include <gtest/gtest.h>

#include "reconcile/region_controller.hpp"
#include "reconcile/region_in_memory.hpp"

namespace bailiwick::testing {
namespace {

struct OwnStatus : ::testing::Test, RegionInMemory {
  std::unique_ptr<peers::Peers> peers;
  std::unique_ptr<reconcile::RegionController> own;
  std::vector<api::EvidenceHead> heads;

  void begin() {
    start();
    peers::Peers::Config alone;
    alone.region = "fra";
    alone.regions = &caches.regions;
    peers = std::make_unique<peers::Peers>(std::move(alone));
    reconcile::RegionController::Config config;
    config.transport = &api;
    config.caches = &caches;
    config.planner = planner.get();
    config.peers = peers.get();
    config.region = "fra";
    config.clusterUid = "uid-fra";
    config.now = [this] { return now(); };
    config.evidenceHeads = [this] { return heads; };
    config.refusedImports = [] { return std::vector<api::RefusedImport>(); };
    own = std::make_unique<reconcile::RegionController>(std::move(config));
  }
  kube::Outcome tell() {
    plan();
    return own->reconcile({});
  }
  nlohmann::json pools() const { return api.get(regionPath)["status"]["pools"]; }
  int free() const { return pools()[0]["devicesFree"]; }
  int writes() const { return api.writesOf("PATCH", regionPath + "/status"); }
};

TEST_F(OwnStatus, CountsOfFreeDevicesAreToldEveryTenSecondsAtMost) {
  h200("n1");
  begin();
  EXPECT_TRUE(std::holds_alternative<kube::Done>(tell()));
  ASSERT_EQ(free(), 8);
  const auto before = writes();
  pod("other", "h200", "n1");
  pass(std::chrono::seconds(3));
  const auto held = tell();
  ASSERT_TRUE(std::holds_alternative<kube::RequeueAfter>(held));
  EXPECT_EQ(std::get<kube::RequeueAfter>(held).delay, std::chrono::seconds(7));
  EXPECT_EQ(writes(), before);
  EXPECT_EQ(free(), 8);
  pass(std::chrono::seconds(7));
  EXPECT_TRUE(std::holds_alternative<kube::Done>(tell()));
  EXPECT_EQ(free(), 0);
}

TEST_F(OwnStatus, EvidenceDoesNotWaitForCountsOfFreeDevices) {
  h200("n1");
  begin();
  tell();
  pod("other", "h200", "n1");
  pass(std::chrono::seconds(3));
  heads = {{"exit-a", "sha256:" + std::string(64, 'a'), 3}};
  const auto held = tell();
  EXPECT_TRUE(std::holds_alternative<kube::RequeueAfter>(held));
  EXPECT_EQ(free(), 8) << "these wait";
  const auto told = api.get(regionPath)["status"]["evidenceHeads"];
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]["order"], "exit-a");
}

TEST_F(OwnStatus, NoMorePoolsAreToldThanAStatusHolds) {
  for (int n = 0; n < 260; ++n) {
    node("n" + std::to_string(n), "nvidia.com", "nvidia.com/gpu.product",
         "NVIDIA-H200-" + std::to_string(n));
  }
  begin();
  ASSERT_TRUE(std::holds_alternative<kube::Done>(tell()));
  ASSERT_GT(planner->current()->plan.pools.rows().size(), 256u);
  EXPECT_EQ(pools().size(), 256u);
}

api::EvidenceHead headOf(const std::string& order) { return {order, "sha256:" + std::string(64, 'a'), 3}; }

TEST_F(OwnStatus, HeadsOfOrdersThatAreGoneMakeRoomForThoseThatAreThere) {
  h200("n1");
  begin();
  for (int n = 0; n < 256; ++n) heads.push_back(headOf("exit-" + std::to_string(n)));
  tell();
  heads = {heads[0], headOf("new"), headOf("newer")};
  tell();
  std::set<std::string> told;
  const auto region = api.get(regionPath);
  for (const auto& head : region["status"]["evidenceHeads"]) told.insert(head["order"]);
  EXPECT_EQ(told.size(), 256U);
  for (const auto* there : {"exit-0", "new", "newer"}) EXPECT_TRUE(told.contains(there)) << there;
  for (const auto* gone : {"exit-1", "exit-2"}) EXPECT_FALSE(told.contains(gone)) << gone;
}

TEST_F(OwnStatus, OfMoreOrdersThanAStatusHoldsTheSameAreToldAndNothingIsWrittenAtRest) {
  h200("n1");
  begin();
  for (int n = 0; n < 300; ++n) heads.push_back(headOf("exit-" + std::to_string(n)));
  tell();
  const auto told = api.get(regionPath)["status"]["evidenceHeads"];
  EXPECT_EQ(told.size(), 256U);
  const auto before = writes();
  for (int i = 0; i < 3; ++i) tell();
  EXPECT_EQ(writes(), before);
  EXPECT_TRUE(api.get(regionPath)["status"]["evidenceHeads"] == told);
}

}  // namespace
}  // namespace bailiwick::testing
