// What becomes of an order whose evidence is gone, and of one that is finished after a restart.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcile/exiting_region.hpp"

namespace bailiwick::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

struct ExitEvidence : ::testing::Test, Exiting {
  std::mutex mutex;
  std::string said;  // all events

  ExitEvidence() {
    eventsApi.answer = [this](const kube::Request& request) -> std::optional<kube::Response> {
      const std::lock_guard lock(mutex);
      said += request.body + "\n";
      return std::nullopt;
    };
  }
  ~ExitEvidence() override { events.reset(); }

  bool hears(const std::string& words) {
    for (int i = 0; i < 200; ++i) {
      {
        const std::lock_guard lock(mutex);
        if (said.find(words) != std::string::npos) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  void loseEvidence() {
    api.erase(mapsPath + "leave-evidence");
    restart();
  }
};

TEST_F(ExitEvidence, GoneOfAFinishedOrderFreezesNothing) {
  peers = {{"zrh", true, nullptr}};
  order();
  ASSERT_TRUE(until("Verified"));
  ASSERT_EQ(conditionOf("Complete")["status"], "False");
  loseEvidence();
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(conditionOf("EvidenceSigned")["status"], "False");
  EXPECT_FALSE(force().frozen);
  EXPECT_TRUE(force().moves) << "it goes on keeping out what it targets";
  EXPECT_FALSE(exits->records(*caches.pods.store().get(api::Key{"team", "assistant-mi300x-1"})))
      << "nobody would let its pods go";
}

TEST_F(ExitEvidence, GoneOfOneThatMovesFreezesUntilItIsDeletedAndThatLetsGo) {
  order();
  ASSERT_TRUE(until("Shifting"));
  loseEvidence();
  for (int i = 0; i < 3; ++i) step();
  EXPECT_TRUE(force().frozen);
  EXPECT_THAT(conditionOf("EvidenceSigned")["message"].get<std::string>(), HasSubstr("or delete the order"));
  deleteOrder();
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(finalizers(), json::array());
  EXPECT_TRUE(hears("EndNotRecorded"));
}

TEST_F(ExitEvidence, AnEndThatCannotBeWrittenNowIsWaitedFor) {
  order();
  ASSERT_TRUE(until("Shifting"));
  api.answer = [](const kube::Request& request) -> std::optional<kube::Response> {
    if (request.path.find("bailiwick-system/configmaps") == std::string::npos) return std::nullopt;
    return statusResponse(503, "ServiceUnavailable", "etcd has no leader");
  };
  deleteOrder();
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(finalizers(), json({"bailiwick.dev/exit-evidence"}));
  api.answer = {};
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(finalizers(), json::array());
  EXPECT_EQ(counts().at("Lifted"), 1);
}

TEST_F(ExitEvidence, AFinishedOrderFreezesNothingBeforeItsControllerHasSpoken) {
  order();
  ASSERT_TRUE(until("Shifting"));
  restart();
  plan();
  EXPECT_TRUE(force().frozen) << "what it does next is not known yet";
  ASSERT_TRUE(until("Verified"));
  restart();
  plan();
  EXPECT_TRUE(force().moves);
  EXPECT_FALSE(force().frozen);
}

TEST_F(ExitEvidence, BeforeTheFirstPlanAnOrderIsLookedAtAgainSoon) {
  order();
  reconcile::Planner::Config config;
  config.caches = &caches;
  reconcile::Planner unplanned(std::move(config));
  reconcile::ExitController early({&api, &caches, &unplanned, &gate, events.get(), "bailiwick-system",
                                   "cluster", [this] { return now(); }, [] {},
                                   [](const plan::Drained&) {}});
  plan();
  outcome = early.reconcile({"", "leave"}, {});
  ASSERT_TRUE(std::holds_alternative<kube::RequeueAfter>(outcome));
  EXPECT_LE(std::get<kube::RequeueAfter>(outcome).delay, std::chrono::seconds(1));
}

struct LiftedInAFleet : ExitEvidence {
  LiftedInAFleet() {
    peers = {{"zrh", true, nullptr}};
    order();
    EXPECT_TRUE(until("Shifting"));
    deleteOrder();
    for (int i = 0; i < 3; ++i) step();
  }
};

TEST_F(LiftedInAFleet, IsLetGoOnceItsEndIsToldToThePeers) {
  EXPECT_EQ(finalizers().size(), 1U);
  EXPECT_TRUE(std::holds_alternative<kube::RequeueAfter>(outcome));
  EXPECT_EQ(counts().at("Closed"), 1) << "it is recorded at once";
  EXPECT_FALSE(force().moves) << "what it would move now nobody records";
  const auto end = exits->heads().at(0);
  auto region = api.get(regionPath);
  region["status"]["evidenceHeads"] = {{{"order", "leave"}, {"head", end.head},
                                        {"records", end.records},
                                        {"countersigned", json::array()}}};
  api.put(regionPath, region);
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(finalizers(), json::array());
}

TEST_F(LiftedInAFleet, IsLetGoAfterTenSecondsWhateverIsTold) {
  pass(std::chrono::seconds(9));
  step();
  EXPECT_EQ(finalizers().size(), 1U);
  pass(std::chrono::seconds(1));
  step();
  EXPECT_EQ(finalizers(), json::array());
}

}  // namespace
}  // namespace bailiwick::testing
