#include <algorithm>

#include "config/config.hpp"
#include "config/route_table.hpp"
#include "plan/requirement.hpp"
#include "render/pod.hpp"
#include "render/world.hpp"

namespace bailiwick::render {
namespace {

api::Region withGateway(api::Region region) {
  const std::string& name = region.meta.key.name;
  region.residencyClasses = {"eu-personal"};
  region.gateway = {"gw." + name + ".example:8443", name + ".bailiwick", "Q0Eg" + name};
  return region;
}

// Three regions of a fleet as fra sees it, and one that is no part of the domain.
struct Fleet {
  World world;
  api::Region zrh = withGateway(makeRegion("zrh", "aws", "eu-central-1", "CH").obj());
  api::Region sto = withGateway(makeRegion("sto", "aws", "eu-central-1", "SE").obj());
  api::Region iad = withGateway(makeRegion("iad", "aws", "us-east-1", "US").obj());
  api::ModelDeployment deployment = assistant()
                                        .in({"EU", "CH"})
                                        .residency({"eu-personal"})
                                        .variant(h200())
                                        .variant(makeVariant("mi300x").on("amd", {}, 8))
                                        .obj();

  Fleet() {
    world.region = withGateway(world.region);
    world.environment.gateway = OwnGateway{"bailiwick-system", "bailiwick-gateway"};
  }

  sidecar::RouteTable pods(const Serving& serving) const {
    const auto objects = sharedObjects(deployment, serving, world.environment, {});
    const json& data = find(objects, "ConfigMap", "assistant-routes").body.at("data");
    return read(data.at("routes.yaml").get<std::string>());
  }
  sidecar::RouteTable ofGateway(const Serving& serving) const {
    return read(gatewayTable(deployment, serving, world.environment).text);
  }
  static sidecar::RouteTable read(const std::string& text) {
    auto table = sidecar::parseRouteTable("routes.yaml", text);
    EXPECT_TRUE(table) << table.error().message << text;
    return table.value();
  }
};

std::vector<std::string> namesOf(const sidecar::RouteTable& table) {
  std::vector<std::string> names;
  for (const auto& backend : table.backends) names.push_back(backend.name);
  return names;
}

TEST(Gateway, StandsBehindEveryPeerInThePodsTable) {
  const Fleet fleet;
  const auto table = fleet.pods({{"h200"}, {{&fleet.zrh, {"h200"}}}});
  ASSERT_EQ(namesOf(table), (std::vector<std::string>{"h200", "h200@zrh"}));
  const auto& peer = table.backends[1];
  EXPECT_EQ(peer.kind, sidecar::BackendKind::Peer);
  EXPECT_EQ(peer.url->str(), "https://bailiwick-gateway.bailiwick-system.svc:8444");
  EXPECT_EQ(peer.caFile, "/etc/bailiwick/ca/gateway.crt");
  EXPECT_EQ(peer.region, "zrh");
  EXPECT_EQ(peer.jurisdiction, "CH");
  EXPECT_GT(peer.priority, table.backends[0].priority);
  EXPECT_FALSE(table.tls) << "a tenant can read what a pod holds";
}

TEST(Gateway, ReachesEachPeerByItsOwnAddressNameAndAuthority) {
  const Fleet fleet;
  const auto table = fleet.ofGateway({{"h200"}, {{&fleet.zrh, {"h200"}}, {&fleet.sto, {"h200"}}}});
  ASSERT_EQ(namesOf(table), (std::vector<std::string>{"h200", "h200@sto", "h200@zrh"}));
  EXPECT_EQ(table.backends[0].url->str(), "http://assistant-h200.team.svc");
  EXPECT_EQ(table.backends[2].url->str(), "https://gw.zrh.example:8443");
  EXPECT_EQ(table.backends[2].serverName, "zrh.bailiwick");
  EXPECT_EQ(table.backends[2].caFile, "/etc/bailiwick/peers/zrh.crt");
  EXPECT_EQ(table.tls->certFile, "/etc/bailiwick/tls/tls.crt");
}

TEST(Gateway, NeverSendsOutsideTheDomain) {
  const Fleet fleet;
  const Serving serving{{}, {{&fleet.iad, {"h200"}}}};
  EXPECT_TRUE(fleet.pods(serving).backends.empty());
  EXPECT_TRUE(fleet.ofGateway(serving).backends.empty());
  EXPECT_FALSE(needsGateway(fleet.deployment, serving, fleet.world.environment));
}

TEST(Gateway, SendsNothingOfADeploymentThatMayNotPassThroughThisRegion) {
  Fleet abroad, without;
  abroad.deployment.spec.placement.jurisdictions = {"CH"};
  without.world.region.residencyClasses.clear();
  for (const Fleet* fleet : {&abroad, &without}) {
    const Serving serving{{}, {{&fleet->zrh, {"h200"}}}};
    EXPECT_TRUE(fleet->pods(serving).backends.empty());
    EXPECT_TRUE(fleet->ofGateway(serving).backends.empty());
    EXPECT_FALSE(needsGateway(fleet->deployment, serving, fleet->world.environment));
  }
}

TEST(Gateway, IsNotAskedWhereThisRegionOrThePeerHasNone) {
  Fleet fleet;
  const Serving serving{{"h200"}, {{&fleet.zrh, {"h200"}}}};
  EXPECT_EQ(fleet.pods(serving).backends.size(), 2U);
  fleet.zrh.gateway->caBundle.clear();
  EXPECT_EQ(fleet.pods(serving).backends.size(), 1U) << "it could not be told from an impostor";
  fleet.zrh = withGateway(fleet.zrh);
  fleet.world.region.gateway.reset();
  EXPECT_EQ(fleet.pods(serving).backends.size(), 1U);
  fleet.world.region = withGateway(fleet.world.region);
  fleet.world.environment.gateway.reset();
  EXPECT_EQ(fleet.pods(serving).backends.size(), 1U);
}

TEST(Gateway, PeersKeepTheOrderOfVariantsAndShareTheWeightOfOneThatIsNotHere) {
  Fleet fleet;
  fleet.deployment.spec.routing.mode = "Weighted";
  fleet.deployment.spec.routing.weights = {{"h200", 70}, {"mi300x", 30}};
  const auto table = fleet.pods(
      {{"mi300x"}, {{&fleet.zrh, {"h200", "mi300x"}}, {&fleet.sto, {"h200"}}}});
  ASSERT_EQ(namesOf(table),
            (std::vector<std::string>{"mi300x", "h200@sto", "h200@zrh", "mi300x@zrh"}));
  std::vector<int> weights, priorities;
  for (const auto& backend : table.backends) {
    weights.push_back(backend.weight);
    priorities.push_back(backend.priority);
  }
  EXPECT_EQ(weights, (std::vector<int>{30, 35, 35, 0}));
  EXPECT_EQ(priorities, (std::vector<int>{1, 2, 2, 3}));
}

TEST(Gateway, TakesTheShadowOfAVariantThatRunsElsewhere) {
  Fleet fleet;
  fleet.deployment.spec.routing.shadow = {"mi300x", 5};
  const Serving serving{{"h200"}, {{&fleet.zrh, {"mi300x"}}}};
  EXPECT_EQ(fleet.pods(serving).shadow->backend, "mi300x@zrh");
  EXPECT_FALSE(fleet.ofGateway(serving).shadow) << "a copy would be copied again";
}

TEST(Gateway, OfADeploymentStandsInWhereNothingOfItServes) {
  const Fleet fleet;
  const auto& environment = fleet.world.environment;
  EXPECT_TRUE(needsGateway(fleet.deployment, {{}, {{&fleet.zrh, {"h200"}}}}, environment));
  EXPECT_FALSE(needsGateway(fleet.deployment, {{"h200"}, {{&fleet.zrh, {"h200"}}}}, environment));
  EXPECT_FALSE(needsGateway(fleet.deployment, {{}, {}}, environment));
  auto elsewhere = fleet.deployment;
  elsewhere.spec.placement.jurisdictions = {"CH"};
  EXPECT_FALSE(needsGateway(elsewhere, {{}, {{&fleet.zrh, {"h200"}}}}, environment));
}

TEST(Gateway, OfADeploymentIsUnderItsLawAndAnswersForItsService) {
  const Fleet fleet;
  const auto& environment = fleet.world.environment;
  const auto objects = gatewayObjects(fleet.deployment, environment);
  const json& workload = find(objects, "Deployment", "assistant-gateway").body;
  const json pod = workload.at("spec").at("template");
  const auto law = plan::lawfulNodes({"eu-personal"}, fleet.world.region, fleet.world.catalog);
  EXPECT_EQ(at(pod, "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"),
            nodeSelector(law));
  const json labels = pod.at("metadata").at("labels");
  EXPECT_EQ(labels.at("bailiwick.dev/role"), "gateway");
  for (const Serving& serving : {Serving{{"h200"}}, Serving{{}, {{&fleet.zrh, {"h200"}}}}}) {
    const auto shared = sharedObjects(fleet.deployment, serving, environment, {});
    for (const auto& [kind, selector] :
         {std::pair{"Service", "/spec/selector"},
          std::pair{"NetworkPolicy", "/spec/podSelector/matchLabels"}}) {
      const json wanted = at(find(shared, kind, "assistant").body, selector);
      for (const auto& [key, value] : wanted.items()) EXPECT_EQ(labels.value(key, ""), value) << key;
    }
  }
  const auto config = sidecar::parseConfig(
      "sidecar.yaml", at(find(objects, "ConfigMap", "assistant-gateway").body, "/data/sidecar.yaml")
                          .get<std::string>());
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->engine);
  EXPECT_EQ(config->identity.deployment, "team/assistant");
  EXPECT_EQ(config->routes.configMap->name, "assistant-routes");
  EXPECT_EQ(at(pod, "/spec/containers/0/restartPolicy"), json()) << "it is no init container";
}

TEST(Gateway, ServesThePathsOfTheDeploymentsEnginesAndNoOthers) {
  Fleet fleet;
  const Serving serving{{}, {{&fleet.zrh, {"h200"}}}};
  fleet.world.catalog.engines.at("mindie").proxiedPaths = {"/generate"};
  const auto pathsOfStandIn = [&fleet] {
    const auto objects = gatewayObjects(fleet.deployment, fleet.world.environment);
    const auto text = at(find(objects, "ConfigMap", "assistant-gateway").body, "/data/sidecar.yaml");
    return sidecar::parseConfig("sidecar.yaml", text.get<std::string>())->paths;
  };
  EXPECT_EQ(fleet.ofGateway(serving).paths, std::vector<std::string>{"/tokenize"});
  EXPECT_EQ(pathsOfStandIn(), std::vector<std::string>{"/tokenize"});
  fleet.deployment.spec.variants[1].engine.name = "mindie";
  const std::vector<std::string> both{"/generate", "/tokenize"};
  EXPECT_EQ(fleet.ofGateway(serving).paths, both);
  EXPECT_EQ(pathsOfStandIn(), both);
  for (auto& variant : fleet.deployment.spec.variants) variant.engine.name = "nobody's";
  EXPECT_TRUE(fleet.ofGateway(serving).paths.empty());
  EXPECT_TRUE(fleet.pods(serving).paths.empty()) << "a pod's are in its own configuration";
}

TEST(Gateway, OfTheRegionIsToldTheLimitsOfEachDeployment) {
  Fleet fleet;
  fleet.deployment.spec.routing.limits.requestTimeout = std::chrono::minutes(45);
  fleet.deployment.spec.routing.limits.maxBodyBytes = 64 << 20;
  const auto table = fleet.ofGateway({});
  ASSERT_TRUE(table.limits);
  EXPECT_EQ(table.limits->requestTimeout, std::chrono::minutes(45));
  EXPECT_EQ(table.limits->maxBodySize, 64 << 20);
  EXPECT_FALSE(fleet.pods({}).limits) << "a pod's are in its own configuration";
}

TEST(Gateway, OfTheRegionGetsAConfigurationThatItReads) {
  const Fleet fleet;
  const auto objects = regionGatewayObjects({}, {}, fleet.world.environment);
  const auto config = sidecar::parseConfig(
      "sidecar.yaml", at(find(objects, "ConfigMap", "bailiwick-gateway").body, "/data/sidecar.yaml")
                          .get<std::string>());
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->peers->listen.port, 8443);
  EXPECT_EQ(config->peers->tls->clientCaFolder, "/etc/bailiwick/peers");
  EXPECT_EQ(config->data.listen.port, 8444);
  EXPECT_TRUE(config->data.tls);
  EXPECT_EQ(config->routes.folder, "/etc/bailiwick/routes");
  EXPECT_EQ(config->identity.jurisdiction, "DE");
}

TEST(Gateway, OfTheRegionTrustsPeersAndNotItself) {
  const Fleet fleet;
  const auto objects = regionGatewayObjects(
      {}, {&fleet.world.region, &fleet.zrh, &fleet.iad}, fleet.world.environment);
  EXPECT_EQ(find(objects, "ConfigMap", "bailiwick-gateway-peers").body.at("binaryData"),
            (json{{"zrh.crt", "Q0Egzrh"}, {"iad.crt", "Q0Egiad"}}));
}

TEST(Gateway, OfTheRegionHoldsEveryTableOnceAndInThePlaceOfItsName) {
  const Fleet fleet;
  std::vector<GatewayTable> tables;
  for (int i = 0; i < 200; ++i)
    tables.push_back({{"team", "m" + std::to_string(i)}, "t" + std::to_string(i)});
  const auto objects = regionGatewayObjects(tables, {}, fleet.world.environment);
  std::map<std::string, std::string> held;
  std::size_t largest = 0;
  for (const Object& object : objects) {
    if (!object.key.name.starts_with("bailiwick-gateway-routes-")) continue;
    for (const auto& [file, text] : object.body.at("data").items()) {
      EXPECT_TRUE(held.emplace(file, text.get<std::string>()).second) << file;
      EXPECT_TRUE(sidecar::deploymentOfFile(file)) << file;
    }
    largest = std::max(largest, object.body.at("data").size());
  }
  EXPECT_EQ(held.size(), 200U);
  EXPECT_EQ(held["team.m7.yaml"], "t7");
  EXPECT_LT(largest, 40U) << "they spread";

  std::reverse(tables.begin(), tables.end());
  const auto again = regionGatewayObjects(tables, {}, fleet.world.environment);
  for (std::size_t i = 0; i < objects.size(); ++i) EXPECT_EQ(objects[i].body, again[i].body);
}

TEST(Gateway, OfTheRegionIsNothingWhereThereIsNone) {
  const World world;
  EXPECT_TRUE(regionGatewayObjects({}, {}, world.environment).empty());
}

}  // namespace
}  // namespace bailiwick::render
