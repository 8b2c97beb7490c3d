#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/decode.hpp"
#include "api/objects.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Pod decode(const json& object) {
  return testing::decodeJson(object, decodePod).value();
}

json container(const char* name, const json& requests) {
  return {{"name", name}, {"resources", {{"requests", requests}}}};
}

json sidecar(const char* name, const json& requests) {
  json out = container(name, requests);
  out["restartPolicy"] = "Always";
  return out;
}

Requests requestsOf(const json& spec) {
  return decode({{"metadata", {{"name", "p"}}}, {"spec", spec}}).requests;
}

TEST(PodRequests, AddUpContainers) {
  EXPECT_THAT(
      requestsOf({{"containers",
                   {container("a", {{"g", "1"}, {"cpu", "250m"}}), container("b", {{"g", "2"}})}}}),
      ElementsAre(Pair("cpu", 250), Pair("g", 3000)));
}

TEST(PodRequests, TakeTheLargerOfInitAndMainContainers) {
  EXPECT_THAT(requestsOf({{"containers", {container("a", {{"g", "2"}})}},
                          {"initContainers",
                           {container("i", {{"g", "5"}}), container("j", {{"g", "3"}})}}}),
              ElementsAre(Pair("g", 5000)));
}

TEST(PodRequests, CountSidecarsBesideWhateverStartsAfterThem) {
  // 1 (first sidecar) + 4 (init) = 5 while starting; 1 + 2 + 1 = 4 when running.
  EXPECT_THAT(requestsOf({{"containers", {container("a", {{"g", "1"}})}},
                          {"initContainers",
                           {sidecar("s", {{"g", "1"}}), container("i", {{"g", "4"}}),
                            sidecar("t", {{"g", "2"}})}}}),
              ElementsAre(Pair("g", 5000)));
  // The same init container before the sidecars runs alone: 4 against 1 + 2 + 1.
  EXPECT_THAT(requestsOf({{"containers", {container("a", {{"g", "1"}})}},
                          {"initContainers",
                           {container("i", {{"g", "4"}}), sidecar("s", {{"g", "1"}}),
                            sidecar("t", {{"g", "3"}})}}}),
              ElementsAre(Pair("g", 5000)));
}

TEST(PodRequests, AddOverheadAndLetThePodLevelRuleForCpuAndMemory) {
  EXPECT_THAT(requestsOf({{"containers", {container("a", {{"cpu", "8"}, {"g", "1"}})}},
                          {"resources", {{"requests", {{"cpu", "2"}, {"g", "9"}}}}},
                          {"overhead", {{"cpu", "100m"}}}}),
              ElementsAre(Pair("cpu", 2100), Pair("g", 1000)));
}

TEST(PodRequests, CountWhatANodeStillHoldsDuringAResize) {
  json pod{
      {"metadata", {{"name", "p"}}},
      {"spec", {{"containers", {container("a", {{"cpu", "1"}})}}}},
      {"status",
       {{"containerStatuses", {{{"name", "a"}, {"resources", {{"requests", {{"cpu", "3"}}}}}}}}}}};
  EXPECT_THAT(decode(pod).requests, ElementsAre(Pair("cpu", 3000)));
}

TEST(PodRequests, OfAnEndedPodAreNone) {
  for (const char* phase : {"Succeeded", "Failed"}) {
    json pod = testing::fullPod();
    pod["status"]["phase"] = phase;
    EXPECT_TRUE(decode(pod).terminated);
    EXPECT_THAT(decode(pod).requests, IsEmpty());
  }
}

TEST(PodRequests, SaturateInsteadOfOverflowing) {
  EXPECT_THAT(requestsOf({{"containers",
                           {container("a", {{"g", "1e999"}}), container("b", {{"g", "9"}})}}}),
              ElementsAre(Pair("g", std::numeric_limits<std::int64_t>::max())));
}

TEST(DecodePod, KeepsWhyOursDoesNotStart) {
  const Pod pod = decode(testing::fullPod());
  EXPECT_EQ(pod.waitingReason, "CrashLoopBackOff");
  EXPECT_EQ(pod.waitingMessage, "back-off");
  EXPECT_EQ(pod.templateHash, "abc");
  EXPECT_FALSE(pod.ready);
}

TEST(DecodePod, KeepsTheLastWordsOfWhatCrashes) {
  json pod = testing::fullPod();
  json& crashed = pod["status"]["initContainerStatuses"][0];
  crashed["lastState"]["terminated"] = {{"reason", "Error"}, {"message", "model.bin is missing\n"}};
  EXPECT_EQ(decode(pod).waitingReason, "CrashLoopBackOff");
  EXPECT_EQ(decode(pod).waitingMessage, "container i: model.bin is missing");
  crashed["lastState"]["terminated"]["message"] = std::string(9999, 'x');
  EXPECT_EQ(decode(pod).waitingMessage.size(), 1024 + std::string("container i: ").size());
  crashed["lastState"]["terminated"]["message"] = "";
  EXPECT_EQ(decode(pod).waitingMessage, "back-off");
  crashed["lastState"] = json::object();
  EXPECT_EQ(decode(pod).waitingMessage, "back-off");
  crashed["state"] = {{"running", json::object()}};
  crashed["lastState"]["terminated"] = {{"message", "long ago"}};
  EXPECT_EQ(decode(pod).waitingReason, "PodInitializing") << "it runs again";
}

TEST(DecodePod, PrefersARealReasonToTheOrdinaryOnes) {
  json pod = testing::fullPod();
  pod["status"]["initContainerStatuses"][0]["state"] = {{"running", json::object()}};
  EXPECT_EQ(decode(pod).waitingReason, "PodInitializing");
  pod["status"]["containerStatuses"][0]["state"] = {
      {"waiting",
       {{"reason", "CreateContainerConfigError"}, {"message", "secret \"x\" not found"}}}};
  EXPECT_EQ(decode(pod).waitingReason, "CreateContainerConfigError");
}

TEST(DecodePod, SaysWhyItIsNotScheduled) {
  json pod = testing::fullPod();
  pod["status"] = {{"phase", "Pending"},
                   {"conditions",
                    {{{"type", "PodScheduled"},
                      {"status", "False"},
                      {"reason", "Unschedulable"},
                      {"message", "0/3 nodes are available"}}}}};
  EXPECT_EQ(decode(pod).waitingReason, "Unschedulable");
  EXPECT_EQ(decode(pod).waitingMessage, "0/3 nodes are available");
}

TEST(DecodePod, TellsSinceWhenItIsReadyOrNot) {
  json pod = testing::fullPod();
  EXPECT_EQ(formatTime(decode(pod).readyChanged), "2026-11-22T10:00:00Z");
  pod["status"].erase("conditions");
  EXPECT_EQ(formatTime(decode(pod).readyChanged), "2026-11-22T09:00:00Z") << "its creation";
}

TEST(DecodePod, KeepsLittleOfForeignPods) {
  json object = testing::fullPod();
  object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "Helm";
  const Pod pod = decode(object);
  EXPECT_EQ(pod.meta.key.str(), "a/p1");
  EXPECT_TRUE(pod.meta.labels.empty());
  EXPECT_EQ(pod.meta.uid, "");
  EXPECT_EQ(pod.waitingReason, "");
  EXPECT_EQ(pod.node, "n1");
  EXPECT_FALSE(pod.requests.empty());
}

TEST(DecodePod, KeepsTheDeletionCostOfOurs) {
  json object = testing::fullPod();
  object["metadata"]["annotations"] = {{"controller.kubernetes.io/pod-deletion-cost", "-1"},
                                       {"x", "y"}};
  const Labels expected{{"controller.kubernetes.io/pod-deletion-cost", "-1"}};
  EXPECT_EQ(decode(object).meta.annotations, expected);
}

}  // namespace
}  // namespace bailiwick::api
