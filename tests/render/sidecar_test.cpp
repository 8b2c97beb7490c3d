#include <yaml-cpp/yaml.h>

#include "render/world.hpp"

namespace bailiwick::render {
namespace {

json sidecarOf(const World& world, const api::ModelDeployment& deployment) {
  return named(at(world.podOf(deployment), "/spec/initContainers"), "engine-sidecar");
}

YAML::Node configOf(const World& world, const api::ModelDeployment& deployment) {
  const auto objects = world.variantOf(deployment);
  const json data = find(objects, "ConfigMap", "assistant-h200").body.at("data");
  return YAML::Load(data.at("sidecar.yaml").get<std::string>());
}

TEST(Sidecar, IsANativeSidecarThatNeverHoldsUpTheEnginesStart) {
  const World world;
  const json sidecar = sidecarOf(world, assistant().variant(h200()).obj());
  EXPECT_EQ(sidecar.at("restartPolicy"), "Always");
  EXPECT_EQ(sidecar.at("args"), json::array({"--config=/etc/bailiwick/sidecar.yaml"}));
  EXPECT_EQ(at(sidecar, "/startupProbe/httpGet"), (json{{"path", "/livez"}, {"port", 9091}}));
  EXPECT_EQ(at(sidecar, "/livenessProbe/httpGet"), (json{{"path", "/livez"}, {"port", 9091}}));
  EXPECT_EQ(at(sidecar, "/readinessProbe/httpGet"), (json{{"path", "/readyz"}, {"port", 9091}}));
  EXPECT_EQ(at(sidecar, "/lifecycle/preStop/exec/command"),
            json::array({"engine-sidecar", "--drain"}));
}

TEST(Sidecar, RequestsTheCpuThatThePlanCounts) {
  const World world;
  const json sidecar = sidecarOf(world, assistant().variant(h200()).obj());
  EXPECT_EQ(at(sidecar, "/resources/requests/cpu"), std::to_string(plan::sidecarMilliCpu) + "m");
  EXPECT_FALSE(at(sidecar, "/resources/limits/memory").is_null());
}

TEST(Sidecar, ExposesNothingThatCanBeChangedFromOutside) {
  const World world;
  const json sidecar = sidecarOf(world, assistant().variant(h200()).obj());
  for (const json& port : sidecar.at("ports")) EXPECT_NE(port.at("containerPort"), 9090);
  EXPECT_EQ(configOf(world, assistant().variant(h200()).obj())["admin"]["listen"].as<std::string>(),
            "127.0.0.1:9090");
}

TEST(Sidecar, MountsOneDataKeyOfTheSecretWithApiKeysAndNoOther) {
  const World world;
  auto deployment = assistant().variant(h200()).obj();
  const auto sources = [&] {
    return at(named(at(world.podOf(deployment), "/spec/volumes"), "config"), "/projected/sources");
  };
  EXPECT_EQ(sources().size(), 3U);
  EXPECT_FALSE(configOf(world, deployment)["auth"]);
  deployment.spec.routing.apiKeysSecret = "assistant-keys";
  EXPECT_EQ(
      sources()[3].at("secret"),
      (json{{"name", "assistant-keys"},
            {"items", json::array({{{"key", "api-keys.bailiwick.dev"}, {"path", "keys"}}})}}));
  EXPECT_EQ(configOf(world, deployment)["auth"]["keysFile"].as<std::string>(),
            "/etc/bailiwick/keys");
}

TEST(Sidecar, GetsAShortLivedTokenWhereClientsLookForIt) {
  const World world;
  const json pod = world.podOf(assistant().variant(h200()).obj());
  const json sources = at(named(at(pod, "/spec/volumes"), "token"), "/projected/sources");
  EXPECT_EQ(at(sources, "/0/serviceAccountToken"),
            (json{{"expirationSeconds", 3600}, {"path", "token"}}));
  EXPECT_EQ(at(sources, "/1/configMap/name"), "kube-root-ca.crt");
  const json mount = named(at(pod, "/spec/initContainers/1/volumeMounts"), "token");
  EXPECT_EQ(mount.at("mountPath"), "/var/run/secrets/kubernetes.io/serviceaccount");
}

TEST(SidecarConfig, SaysWhoItIsAndWhereItsEngineIs) {
  const World world;
  const YAML::Node config = configOf(world, assistant().variant(h200()).obj());
  EXPECT_EQ(config["apiVersion"].as<std::string>(), "sidecar.bailiwick.dev/v1alpha1");
  EXPECT_EQ(config["kind"].as<std::string>(), "SidecarConfig");
  EXPECT_EQ(config["identity"]["region"].as<std::string>(), "fra");
  EXPECT_EQ(config["identity"]["jurisdiction"].as<std::string>(), "DE");
  EXPECT_EQ(config["identity"]["deployment"].as<std::string>(), "team/assistant");
  EXPECT_EQ(config["identity"]["variant"].as<std::string>(), "h200");
  EXPECT_EQ(config["engine"]["url"].as<std::string>(), "http://127.0.0.1:8000");
  EXPECT_EQ(config["engine"]["health"]["path"].as<std::string>(), "/health");
  EXPECT_EQ(config["routes"]["configMap"]["name"].as<std::string>(), "assistant-routes");
  EXPECT_EQ(config["routes"]["configMap"]["namespace"].as<std::string>(), "team");
  EXPECT_EQ(config["routes"]["file"].as<std::string>(), "/etc/bailiwick/routes.yaml");
  EXPECT_EQ(config["paths"][0].as<std::string>(), "/tokenize");
}

TEST(SidecarConfig, CallsTheModelWhatTheEngineWasTold) {
  const World world;
  const auto deployment = assistant().variant(h200()).obj();
  const auto model = configOf(world, deployment)["engine"]["model"].as<std::string>();
  EXPECT_EQ(model, "DeepSeek-V3.2");
  const auto args = world.engineOf(deployment).at("args").get<std::vector<std::string>>();
  EXPECT_THAT(args, ::testing::Contains(model));
}

TEST(SidecarConfig, CarriesLimitsAndDrainOfTheSpec) {
  const World world;
  auto deployment = assistant().variant(h200()).obj();
  deployment.spec.routing.limits = {7, 3, api::Duration{1500}, api::Duration{60000}, 1 << 20};
  deployment.spec.exit.drainTimeout = api::Duration{90000};
  const YAML::Node config = configOf(world, deployment);
  EXPECT_EQ(config["limits"]["maxInFlight"].as<int>(), 7);
  EXPECT_EQ(config["limits"]["maxQueued"].as<int>(), 3);
  EXPECT_EQ(config["limits"]["queueTimeout"].as<std::string>(), "1500ms");
  EXPECT_EQ(config["limits"]["requestTimeout"].as<std::string>(), "1m");
  EXPECT_EQ(config["limits"]["maxBodySize"].as<std::string>(), "1Mi");
  EXPECT_EQ(config["drain"]["timeout"].as<std::string>(), "90s");
  EXPECT_EQ(config["drain"]["lameDuck"].as<std::string>(), "5s");
}

TEST(SidecarConfig, HasOnlyKeysOfTheSchema) {
  const World world;
  auto deployment = assistant().variant(h200()).obj();
  deployment.spec.routing.apiKeysSecret = "keys";
  std::set<std::string> keys;
  for (const auto& entry : configOf(world, deployment)) keys.insert(entry.first.as<std::string>());
  EXPECT_EQ(keys,
            (std::set<std::string>{"apiVersion", "kind", "data", "admin", "observe", "identity",
                                   "engine", "routes", "auth", "limits", "drain", "paths"}));
}

}  // namespace
}  // namespace bailiwick::render
