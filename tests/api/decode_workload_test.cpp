#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/decode.hpp"
#include "api/objects.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;

Node node(const json& object) {
  const auto decode = [](simdjson::dom::element element) {
    return decodeNode(element, [](std::string_view key) { return key == "keep/me"; });
  };
  return testing::decodeJson(object, decode).value();
}

TEST(DecodeNode, KeepsOnlyTheLabelsItIsToldTo) {
  const Node decoded = node(testing::fullNode());
  const Labels expected{{"keep/me", "1"}};
  EXPECT_EQ(decoded.meta.labels, expected);
  EXPECT_TRUE(decoded.meta.annotations.empty());
}

TEST(DecodeNode, ReadsReadinessTaintsAndAllocatable) {
  const Node decoded = node(testing::fullNode());
  EXPECT_TRUE(decoded.ready);
  EXPECT_TRUE(decoded.unschedulable);
  ASSERT_EQ(decoded.taints.size(), 1U);
  EXPECT_EQ(decoded.taints[0].effect, "NoSchedule");
  EXPECT_TRUE(decoded.allocatable.has("nvidia.com/gpu", "8"));
}

TEST(DecodeNode, IsNotReadyUnlessItSaysSo) {
  json object = testing::fullNode();
  object["status"]["conditions"][0]["status"] = "Unknown";
  EXPECT_FALSE(node(object).ready);
  object["status"].erase("conditions");
  EXPECT_FALSE(node(object).ready);
}

TEST(DecodeEndpointSlice, ReadsEveryAddressAndTheFirstPort) {
  const json object = {
      {"metadata", {{"name", "kubernetes"}, {"namespace", "default"}}},
      {"ports", {{{"name", "https"}, {"port", 6443}}, {{"name", "other"}, {"port", 9}}}},
      {"endpoints", {{{"addresses", {"10.0.0.1"}}}, {{"addresses", {"10.0.0.2", "fd00::1"}}}}}};
  const auto slice = testing::decodeJson(object, decodeEndpointSlice).value();
  EXPECT_EQ(slice.port, 6443);
  EXPECT_EQ(slice.addresses, (std::vector<std::string>{"10.0.0.1", "10.0.0.2", "fd00::1"}));
}

TEST(DecodeWorkload, ReadsCountsAndTheReasonOfAFailure) {
  const Workload workload = testing::decodeJson(testing::fullWorkload(), decodeWorkload).value();
  EXPECT_EQ(workload.replicas, 3);
  EXPECT_EQ(workload.statusReplicas, 3);
  EXPECT_EQ(workload.updatedReplicas, 2);
  EXPECT_EQ(workload.readyReplicas, 1);
  EXPECT_EQ(workload.failureReason, "FailedCreate");
  EXPECT_EQ(workload.failureMessage, "exceeded quota");
  EXPECT_NE(workload.failureSince, Time{});
}

TEST(DecodeWorkload, TellsALeaderWorkerSetByItsSpec) {
  json object = testing::fullWorkload();
  EXPECT_FALSE(testing::decodeJson(object, decodeWorkload)->groups);
  object["spec"]["leaderWorkerTemplate"] = {{"size", 2}};
  EXPECT_TRUE(testing::decodeJson(object, decodeWorkload)->groups);
}

TEST(DecodeWorkload, ForgetsAFailureThatIsOver) {
  json object = testing::fullWorkload();
  object["status"]["conditions"][0]["status"] = "False";
  EXPECT_EQ(testing::decodeJson(object, decodeWorkload)->failureReason, "");
}

TEST(DecodeWorkload, MeansOneReplicaWhenNoneIsWritten) {
  json object = testing::fullWorkload();
  object["spec"].erase("replicas");
  EXPECT_EQ(testing::decodeJson(object, decodeWorkload)->replicas, 1);
}

TEST(DecodeGenericObject, KeepsMetadataOnly) {
  json object = testing::fullModelDeployment();
  object["metadata"]["annotations"]["other.example/x"] = "y";
  const GenericObject decoded = testing::decodeJson(object, decodeGenericObject).value();
  EXPECT_EQ(decoded.meta.key.str(), "assistants/assistant-eu");
  EXPECT_EQ(decoded.meta.annotations.size(), 1U);
  EXPECT_TRUE(decoded.meta.labels.has("team", "a"));
}

}  // namespace
}  // namespace bailiwick::api
