#include "reconcile/exit_controller.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evidence/growth.hpp"
#include "reconcile/drain_controller.hpp"
#include "reconcile/exiting_region.hpp"

namespace bailiwick::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(ExitController, LeavesAndEndsVerifiedWithAChainThatVerifies) {
  Exiting region;
  region.order();
  ASSERT_TRUE(region.until("Verified")) << region.status().dump(1);
  const auto verdict = evidence::verify(region.chain());
  EXPECT_TRUE(verdict.good()) << verdict.findings.front().str();
  EXPECT_TRUE(verdict.closed);
  EXPECT_EQ(region.conditionOf("Complete")["status"], "True");
  EXPECT_EQ(region.conditionOf("EvidenceSigned")["status"], "True");
  EXPECT_EQ(region.status()["evidence"]["head"], verdict.head);
  EXPECT_EQ(region.status()["totals"]["unknown"], 1);
  const auto writes = region.api.writes().size();
  for (int i = 0; i < 4; ++i) region.step();
  EXPECT_EQ(region.api.writes().size(), writes) << "nothing is done any more";
  EXPECT_EQ(region.api.get(mapsPath + "leave-evidence")["immutable"], true);
  EXPECT_FALSE(region.api.get(mapsPath + "leave-evidence")["metadata"].contains("ownerReferences"));
}

// The whole exit again for each of its writes, killed before that is sent, or before it is answered.
void endsTheSame(bool before, int& met) {
  for (int at = 1;; ++at) {
    Exiting region;
    region.writes = 0;
    region.killAt = at;
    region.killBefore = before;
    region.order();
    ASSERT_TRUE(region.until("Verified", 60)) << "write " << at << region.status().dump(1);
    const auto verdict = evidence::verify(region.chain());
    ASSERT_TRUE(verdict.good() && verdict.closed) << "write " << at << ": " << region.chain();
    const auto counts = region.counts();
    for (const auto* type : {"Opened", "Found", "Pods", "Draining", "Drained", "Left", "Closed"}) {
      ASSERT_EQ(counts.at(type), 1) << type << " at write " << at;
    }
    if (region.killAt != 0) return;  // there are no more
    met = at;
  }
}

TEST(ExitController, KilledBeforeAnyWriteItEndsTheSame) {
  int met = 0;
  endsTheSame(true, met);
  EXPECT_GT(met, 20) << "an exit has become shorter";
}

TEST(ExitController, KilledBeforeTheAnswerToAnyWriteItEndsTheSame) {
  int met = 0;
  endsTheSame(false, met);
  EXPECT_GT(met, 20) << "an exit has become shorter";
}

TEST(ExitController, MovesNothingThatItCannotRecord) {
  Exiting region;
  region.api.answer = [](const kube::Request& request) -> std::optional<kube::Response> {
    if (request.path.find("/configmaps") == std::string::npos) return std::nullopt;
    if (request.path.find("bailiwick-system") == std::string::npos) return std::nullopt;
    return statusResponse(403, "Forbidden", "no room for evidence");
  };
  region.order();
  for (int i = 0; i < 12; ++i) region.step();
  EXPECT_TRUE(region.api.get(deploymentsPath + "assistant-mi300x").is_null());
  EXPECT_EQ(region.conditionOf("EvidenceSigned")["status"], "False");
  EXPECT_THAT(region.conditionOf("EvidenceSigned")["message"].get<std::string>(),
              HasSubstr("no room for evidence"));
  region.api.answer = {};
  EXPECT_TRUE(region.until("Verified"));
  EXPECT_EQ(region.conditionOf("EvidenceSigned")["status"], "True");
}

TEST(ExitController, StopsWhereItsEvidenceWasChangedOrCut) {
  for (const bool cut : {true, false}) {
    Exiting region;
    region.order();
    ASSERT_TRUE(region.until("Shifting"));
    auto chunk = region.api.get(mapsPath + "leave-evidence");
    const auto whole = chunk;
    auto& text = chunk["data"]["records.jsonl"].get_ref<std::string&>();
    if (cut) {
      text.erase(text.rfind('\n', text.size() - 2) + 1);
    } else {
      text.replace(text.find("contract"), 8, "CONTRACT");
    }
    region.api.put(mapsPath + "leave-evidence", chunk);
    region.restart();
    for (int i = 0; i < 3; ++i) region.step();
    EXPECT_THAT(region.conditionOf("EvidenceSigned")["message"].get<std::string>(),
                HasSubstr(cut ? "the others were cut off" : "record 1: does not match its signature"));
    region.api.put(mapsPath + "leave-evidence", whole);
    EXPECT_TRUE(region.until("Verified"));
  }
}

TEST(ExitController, GoesOnWithAnotherKeyAndSaysSo) {
  Exiting region;
  region.order();
  ASSERT_TRUE(region.until("Shifting"));
  region.api.erase(keyPath);
  ASSERT_TRUE(region.until("Verified"));
  EXPECT_EQ(region.counts().at("KeyRotated"), 1);
  EXPECT_TRUE(evidence::verify(region.chain()).good());
}

TEST(ExitController, RecordsThatItWasLiftedAndLetsGo) {
  Exiting region;
  region.order();
  ASSERT_TRUE(region.until("Shifting"));
  EXPECT_EQ(region.finalizers(), json({"bailiwick.dev/exit-evidence"}));
  region.deleteOrder();
  for (int i = 0; i < 3; ++i) region.step();
  EXPECT_EQ(region.finalizers(), json::array());
  EXPECT_EQ(region.counts().at("Lifted"), 1);
  EXPECT_TRUE(evidence::verify(region.chain()).closed);
}

TEST(ExitController, BeginsAChunkWhereOneIsFull) {
  Exiting region;
  region.order({{"reason", std::string(1000, 'x')}});
  ASSERT_TRUE(region.until("Announced"));
  auto chunk = region.api.get(mapsPath + "leave-evidence");
  chunk["immutable"] = true;
  region.api.put(mapsPath + "leave-evidence", chunk);
  region.restart();
  ASSERT_TRUE(region.until("Verified"));
  EXPECT_FALSE(region.api.get(mapsPath + "leave-evidence-2").is_null());
  EXPECT_TRUE(evidence::verify(region.chain()).good());
}

TEST(ExitController, PurgesClaimsAndNamesTheVolumesThatStay) {
  Exiting region;
  const std::string claim = "/api/v1/namespaces/team/persistentvolumeclaims/assistant-h200-1-weights";
  region.api.put(claim, {{"metadata",
                          {{"namespace", "team"},
                           {"labels",
                            {{"bailiwick.dev/deployment", "assistant"},
                             {"bailiwick.dev/variant", "h200"},
                             {"app.kubernetes.io/managed-by", "bailiwick"}}}}},
                         {"spec", {{"volumeName", "pv-1"}}}});
  region.api.put("/api/v1/persistentvolumes/pv-1",
                 {{"spec", {{"persistentVolumeReclaimPolicy", "Retain"}}}});
  region.order();
  ASSERT_TRUE(region.until("Verified"));
  EXPECT_TRUE(region.api.get(claim).is_null());
  EXPECT_EQ(region.counts().at("Purged"), 1);
  EXPECT_THAT(region.conditionOf("Complete")["message"].get<std::string>(),
              HasSubstr("PersistentVolume pv-1"));
}

TEST(ExitController, PurgesLabelledSecretsOnlyWhereItMay) {
  const std::string path = "/api/v1/namespaces/team/secrets/token";
  for (const bool allowed : {false, true}) {
    Exiting region;
    region.api.allows = allowed;
    region.api.put(path, {{"metadata",
                           {{"namespace", "team"},
                            {"labels", {{"bailiwick.dev/purge-with-exit", "true"}}}}}});
    region.order();
    ASSERT_TRUE(region.until("Verified"));
    EXPECT_EQ(region.api.get(path).is_null(), allowed);
  }
}

TEST(ExitController, AProofIsOfTheHeadThatWasToldAndNotOfWhatCameSince) {
  Exiting region;
  region.order();
  ASSERT_TRUE(region.until("Announced"));
  const auto first = region.exits->heads().at(0);
  ASSERT_TRUE(region.until("Shifting"));
  const auto told = region.exits->heads().at(0);
  ASSERT_GT(told.records, first.records);
  ASSERT_TRUE(region.until("Verified"));
  ASSERT_GT(region.exits->heads().at(0).records, told.records);
  const auto proof = region.exits->growthProof(told, first.records);
  EXPECT_TRUE(evidence::grewFrom(static_cast<std::size_t>(first.records), first.root,
                                 static_cast<std::size_t>(told.records), told.root, proof));
  auto other = told;
  other.uid = "of an earlier order of that name";
  EXPECT_TRUE(region.exits->growthProof(other, first.records).empty());
  auto longer = told;
  longer.records = 1000;
  EXPECT_TRUE(region.exits->growthProof(longer, first.records).empty());
}

TEST(ExitController, DrillsWithoutTouchingAnything) {
  Exiting region;
  region.order({{"drill", true}});
  const auto before = region.api.get(deploymentsPath + "assistant-h200");
  ASSERT_TRUE(region.until("Verified"));
  EXPECT_EQ(region.counts().at("Answer"), 1);
  EXPECT_EQ(region.api.get(deploymentsPath + "assistant-h200"), before);
  EXPECT_TRUE(region.api.get(deploymentsPath + "assistant-mi300x").is_null());
}

TEST(DrainController, LetsAPodGoOnceItsReportIsKnownUnlessAnOrderRecordsIt) {
  Exiting region;
  bool elsewhere = true;
  int drains = 0;
  reconcile::DrainController drains_({&region.api, &region.caches,
                                      [&](const api::Pod&) { return elsewhere; },
                                      [&](const plan::Drained&) { ++drains; }});
  const auto path = podsPath + "assistant-h200-1";
  auto pod = region.api.get(path);
  pod["metadata"]["finalizers"] = {"bailiwick.dev/drain-report", "other.example/x"};
  pod["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z";
  pod["metadata"]["deletionGracePeriodSeconds"] = 600;
  region.api.put(path, pod);
  const auto held = [&] {
    region.plan();
    (void)drains_.reconcile({"team", "assistant-h200-1"}, {});
    return region.api.get(path)["metadata"]["finalizers"].size() == 2;
  };
  EXPECT_TRUE(held()) << "the sidecar may still tell";
  pod["status"]["initContainerStatuses"] = {
      {{"name", "engine-sidecar"},
       {"state",
        {{"terminated", {{"message", R"({"inFlightAtDrain":2,"completed":2,"cut":0})"}}}}}}};
  region.api.put(path, pod);
  EXPECT_TRUE(held()) << "an order records it";
  elsewhere = false;
  EXPECT_FALSE(held());
  EXPECT_EQ(region.api.get(path)["metadata"]["finalizers"], json({"other.example/x"}));
  EXPECT_EQ(drains, 1);
}

}  // namespace
}  // namespace bailiwick::testing
