#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/decode.hpp"
#include "api/objects.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

json minimal() {
  return json::parse(R"({
    "metadata": {"name": "m", "namespace": "a"},
    "spec": {"servedName": "s", "placement": {"jurisdictions": ["EU"]},
             "variants": [{"name": "v", "passport": "p", "artifact": "fp8", "engine": {"name": "vllm"},
                           "accelerator": {"vendor": "nvidia"}}]}})");
}

ModelDeployment decode(const json& object) {
  return testing::decodeJson(object, decodeModelDeployment).value();
}

std::string problemOf(const json& object) {
  return decode(object).decodeError;
}

TEST(DecodeModelDeployment, ReadsEveryFieldOfTheSpec) {
  const ModelDeployment object = decode(testing::fullModelDeployment());
  ASSERT_EQ(object.decodeError, "");
  const ModelDeploymentSpec& spec = object.spec;
  EXPECT_EQ(spec.servedName, "assistant");
  EXPECT_EQ(spec.replicas, 6);
  EXPECT_THAT(spec.placement.jurisdictions, ElementsAre("EU", "CH"));
  EXPECT_TRUE(spec.placement.regionMatchLabels.has("tier", "gold"));
  EXPECT_EQ(spec.placement.strategy, Strategy::Pack);
  EXPECT_EQ(spec.placement.maxPerRegion, 4);
  ASSERT_THAT(spec.variants, SizeIs(2));
  EXPECT_EQ(spec.variants[0].accelerator.minMemoryBytes, 150323855360);
  EXPECT_EQ(spec.variants[0].accelerator.nodes, 2);
  EXPECT_EQ(spec.variants[0].capacity, 1500);
  EXPECT_EQ(spec.variants[0].engine.env[1].fromSecret->key, "k");
  EXPECT_EQ(spec.variants[1].external->jurisdiction, "SE");
  EXPECT_EQ(spec.failover.lostAfter, Duration{20000});
  EXPECT_EQ(spec.failover.onIsolation, "Expand");
  EXPECT_EQ(spec.routing.weights[0].second, 70);
  EXPECT_EQ(spec.routing.shadow->percent, 5);
  EXPECT_EQ(spec.routing.limits.queueTimeout, Duration{0});
  EXPECT_EQ(spec.routing.limits.maxBodyBytes, 1 << 20);
  EXPECT_EQ(*spec.exit.drillEvery, std::chrono::hours{24 * 90});
  EXPECT_EQ(spec.priority, -3);
  EXPECT_TRUE(spec.pod.limits.has("memory", "8Gi"));
  EXPECT_THAT(spec.pod.imagePullSecrets, ElementsAre("pull"));
  EXPECT_EQ(spec.rollout.progressDeadline, std::chrono::minutes{10});
  EXPECT_TRUE(spec.paused);
}

TEST(DecodeModelDeployment, ReadsMetadataAndStatus) {
  const ModelDeployment object = decode(testing::fullModelDeployment());
  EXPECT_EQ(object.meta.key.str(), "assistants/assistant-eu");
  EXPECT_EQ(object.meta.generation, 7);
  EXPECT_EQ(object.meta.controllerUid, "o-1");
  EXPECT_TRUE(object.meta.deleted);
  ASSERT_THAT(object.status.regions, SizeIs(1));
  EXPECT_EQ(object.status.regions[0].sequence, 118);
  EXPECT_EQ(object.status.regions[0].offer[0].reason, "NoCapacity");
  EXPECT_EQ(object.status.regions[0].share[0].replicas, 3);
  EXPECT_EQ(object.status.variants[0].assigned, 6);
  EXPECT_EQ(object.status.costPerHour, "96.00");
  EXPECT_EQ(findCondition(object.status.conditions, "Ready")->reason, "AllReplicasReady");
}

TEST(DecodeModelDeployment, FillsDefaults) {
  const ModelDeployment object = decode(minimal());
  ASSERT_EQ(object.decodeError, "");
  EXPECT_EQ(object.spec.replicas, 1);
  EXPECT_EQ(object.spec.variants[0].capacity, 1000);
  EXPECT_EQ(object.spec.variants[0].accelerator.perReplica, 1);
  EXPECT_EQ(object.spec.failover, FailoverSpec{});
  EXPECT_EQ(object.spec.exit.drainTimeout, std::chrono::minutes{10});
}

TEST(DecodeModelDeployment, KeepsTheObjectWhenItsSpecIsBad) {
  json object = testing::fullModelDeployment();
  object["spec"]["exit"]["drainTimeout"] = "9999999h";
  const ModelDeployment decoded = decode(object);
  EXPECT_THAT(decoded.decodeError, HasSubstr("spec.exit.drainTimeout: must be a duration"));
  EXPECT_EQ(decoded.spec, ModelDeploymentSpec{});
  EXPECT_EQ(decoded.meta.uid, "u-1");
  EXPECT_THAT(decoded.status.regions, SizeIs(1));
}

TEST(DecodeModelDeployment, DropsAStatusItCannotRead) {
  json object = testing::fullModelDeployment();
  object["status"]["regions"][0]["sequence"] = "many";
  const ModelDeployment decoded = decode(object);
  EXPECT_EQ(decoded.decodeError, "");
  EXPECT_EQ(decoded.status, ModelDeploymentStatus{});
}

TEST(DecodeModelDeployment, DropsForeignAnnotations) {
  json object = minimal();
  object["metadata"]["annotations"] = {{"kubectl.kubernetes.io/last-applied-configuration", "{}"},
                                       {"evilbailiwick.dev/x", "1"},
                                       {"bailiwick.dev/x", "2"},
                                       {"a.bailiwick.dev/x", "3"}};
  const Labels expected{{"bailiwick.dev/x", "2"}, {"a.bailiwick.dev/x", "3"}};
  EXPECT_EQ(decode(object).meta.annotations, expected);
}

// Seen with kubectl apply of a manifest that is equal to the copy: nothing of the spec is sent.
TEST(DecodeModelDeployment, KnowsWhoAppliesACopyHereAsWell) {
  const auto managerOf = [](const json& owned, const std::string& subresource = "") {
    json object = minimal();
    object["metadata"]["labels"] = {{"bailiwick.dev/origin-region", "fra"}};
    object["metadata"]["managedFields"] = {
        {{"manager", "bailiwick-operator"}, {"fieldsV1", {{"f:spec", {{"f:replicas", json::object()}}}}}},
        {{"manager", "somebody"}, {"fieldsV1", owned}, {"subresource", subresource}}};
    return decode(object).specManager;
  };
  const auto annotated = [](const std::string& key) {
    return json{{"f:metadata", {{"f:annotations", {{"f:" + key, json::object()}}}}}};
  };
  const json spec = {{"f:spec", {{"f:servedName", json::object()}}}};
  EXPECT_EQ(managerOf(spec), "somebody");
  EXPECT_EQ(managerOf(spec, "scale"), "");
  EXPECT_EQ(managerOf(annotated("kubectl.kubernetes.io/last-applied-configuration")), "somebody");
  EXPECT_EQ(managerOf(annotated("team.example/note")), "");
}

TEST(DecodeModelDeployment, NamesWhatIsWrong) {
  const struct {
    const char* pointer;
    json value;
    const char* problem;
  } cases[] = {
      {"/spec/placement/jurisdictions", nullptr,
       "spec.placement.jurisdictions: must be a list, is null"},
      {"/spec/placement/jurisdictions", json::array(), "spec.placement.jurisdictions: is required"},
      {"/spec/placement/jurisdictions", json::array({"EU", nullptr}),
       "spec.placement.jurisdictions[1]: must be a string, is null"},
      {"/spec/placement/strategy", "Random",
       "spec.placement.strategy: must be Spread, Pack or Cheapest"},
      {"/spec/replicas", -1, "spec.replicas: must be between 0 and 100000, is -1"},
      {"/spec/replicas", 1.5, "spec.replicas: must be an integer, is a number"},
      {"/spec/variants/0/capacity", "0",
       "spec.variants[0].capacity: must be between 0.001 and 1000"},
      {"/spec/variants/0/capacity", "1e3", "spec.variants[0].capacity: must be a decimal"},
      {"/spec/variants/0/accelerator/perReplica", 0,
       "spec.variants[0].accelerator.perReplica: must be between 1 and 512, is 0"},
      {"/spec/variants/0/accelerator/minMemoryPerDevice", "-1Gi",
       "spec.variants[0].accelerator.minMemoryPerDevice: must not be negative"},
      {"/spec/variants/0/engine/env",
       json::array({{{"name", "A"}, {"valueFrom", {{"fieldRef", {}}}}}}),
       "spec.variants[0].engine.env[0].valueFrom.fieldRef: only secretKeyRef is supported"},
      {"/spec/variants/0/external",
       {{"provider", "p"}, {"baseURL", "https://x"}, {"jurisdiction", "SE"}},
       "spec.variants[0]: has external and also artifact, engine or accelerator"},
      {"/spec/failover",
       {{"lostAfter", "0s"}},
       "spec.failover.lostAfter: must be greater than zero"},
      {"/spec/variants", json::array(), "spec.variants: is required"},
  };
  for (const auto& c : cases) {
    json object = minimal();
    object[json::json_pointer(c.pointer)] = c.value;
    EXPECT_THAT(problemOf(object), HasSubstr(c.problem)) << c.pointer << " " << c.value;
  }
}

TEST(DecodeModelDeployment, IgnoresFieldsOfALaterVersion) {
  json object = minimal();
  object["spec"]["placement"]["orbit"] = 7;
  EXPECT_EQ(problemOf(object), "");
}

}  // namespace
}  // namespace bailiwick::api
