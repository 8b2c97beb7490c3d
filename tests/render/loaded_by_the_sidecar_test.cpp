// What the operator writes is what the sidecar reads: by the sidecar's own loader.

#include <iostream>

#include "api/decode.hpp"
#include "config/config.hpp"
#include "config/route_table.hpp"
#include "manifest/documents.hpp"
#include "manifest/manifests.hpp"
#include "render/shipped.hpp"

namespace bailiwick::render {
namespace {

sidecar::Config configOf(const std::vector<Object>& objects) {
  for (const Object& object : objects) {
    if (object.kind != "ConfigMap") continue;
    const auto config = sidecar::parseConfig(
        object.key.name, object.body.at("/data/sidecar.yaml"_json_pointer).get<std::string>());
    EXPECT_TRUE(config) << config.error().message;
    return config.value();
  }
  throw std::runtime_error("no ConfigMap");
}

sidecar::RouteTable tableOf(const std::vector<Object>& objects, const std::string& name) {
  const auto table = sidecar::parseRouteTable(name, find(objects, "ConfigMap", name)
                                                        .body.at("/data/routes.yaml"_json_pointer)
                                                        .get<std::string>());
  EXPECT_TRUE(table) << table.error().message;
  return table.value();
}

TEST(LoadedByTheSidecar, EveryFieldArrives) {
  const World world;
  auto deployment = assistant()
                        .in({"EU", "CH"})
                        .residency({"eu-personal"})
                        .variant(h200())
                        .variant(makeVariant("mi300x").on("amd", {}, 8))
                        .obj();
  auto& routing = deployment.spec.routing;
  routing.mode = "Weighted";
  routing.weights = {{"h200", 70}, {"mi300x", 30}};
  routing.shadow = {"mi300x", 5};
  routing.apiKeysSecret = "keys";
  routing.limits = {7, 0, api::Duration{1500}, api::Duration{60000}, 1 << 20};
  deployment.spec.exit.drainTimeout = api::Duration{90000};

  const sidecar::Config config = configOf(world.variantOf(deployment));
  EXPECT_EQ(config.data.listen.port, 8080);
  EXPECT_EQ(config.admin, (sidecar::Address{"127.0.0.1", 9090}));
  EXPECT_EQ(config.observe.port, 9091);
  EXPECT_EQ(config.identity.region, "fra");
  EXPECT_EQ(config.identity.jurisdiction, "DE");
  EXPECT_EQ(config.identity.deployment, "team/assistant");
  EXPECT_EQ(config.identity.variant, "h200");
  EXPECT_EQ(config.engine->url.str(), "http://127.0.0.1:8000");
  EXPECT_EQ(config.engine->model, "DeepSeek-V3.2");
  EXPECT_EQ(config.engine->health.path, "/health");
  EXPECT_EQ(config.routes.file, "/etc/bailiwick/routes.yaml");
  EXPECT_EQ(config.routes.configMap->name, "assistant-routes");
  EXPECT_EQ(config.keysFile, "/etc/bailiwick/keys");
  EXPECT_EQ(config.limits.maxInFlight, 7);
  EXPECT_EQ(config.limits.maxQueued, 0);
  EXPECT_EQ(config.limits.queueTimeout, api::Duration{1500});
  EXPECT_EQ(config.limits.requestTimeout, api::Duration{60000});
  EXPECT_EQ(config.limits.maxBodySize, 1 << 20);
  EXPECT_EQ(config.drain.timeout, api::Duration{90000});
  EXPECT_EQ(config.paths, std::vector<std::string>{"/tokenize"});

  const sidecar::RouteTable table = tableOf(world.sharedOf(deployment), "assistant-routes");
  EXPECT_EQ(table.servedName, deployment.spec.servedName);
  EXPECT_EQ(table.generation, 1);
  EXPECT_EQ(table.mode, sidecar::Mode::Weighted);
  EXPECT_EQ(table.residency.jurisdictions, (std::vector<std::string>{"CH", "DE", "FR", "SE"}));
  EXPECT_EQ(table.residency.classes, std::vector<std::string>{"eu-personal"});
  ASSERT_EQ(table.backends.size(), 2U);
  EXPECT_EQ(table.backends[1].url->str(), "http://assistant-mi300x.team.svc");
  EXPECT_EQ(table.backends[1].priority, 1);
  EXPECT_EQ(table.backends[1].weight, 30);
  EXPECT_EQ(table.shadow->backend, "mi300x");
  EXPECT_EQ(table.shadow->percent, 5);
}

// The kubelet gives a pod as long as its sidecar may need.
TEST(LoadedByTheSidecar, ThePodOutlivesItsDrain) {
  const World world;
  const auto deployment = assistant().variant(h200()).obj();
  const sidecar::Config config = configOf(world.variantOf(deployment));
  const json pod = world.podOf(deployment).at("spec");
  const auto drain = config.drain.lameDuck + config.drain.timeout;
  EXPECT_EQ(pod.at("terminationGracePeriodSeconds"),
            std::chrono::duration_cast<std::chrono::seconds>(drain).count() + 30);
  for (const json& container : pod.at("initContainers")) {
    if (container.at("name") != "engine-sidecar") continue;
    EXPECT_EQ(at(container, "/startupProbe/httpGet/port"), config.observe.port);
    EXPECT_EQ(at(container, "/lifecycle/preStop/exec/command"),
              json::array({"engine-sidecar", "--drain"}));
  }
  EXPECT_EQ(at(pod, "/containers/0/lifecycle/preStop/httpGet"),
            (json{{"path", "/drained"}, {"port", config.observe.port}}));
  EXPECT_EQ(at(pod, "/containers/0/readinessProbe/httpGet"),
            (json{{"path", "/engine"}, {"port", config.observe.port}}));
}

TEST(LoadedByTheSidecar, WhatEveryShippedEngineGets) {
  World world(catalog::builtin().value());
  std::size_t withPaths = 0;
  for (const int nodes : {1, 2}) {
    for (const Shipped& one : shipped(world.catalog, "fp8", nodes)) {
      SCOPED_TRACE(one.deployment.meta.key.name + " " + one.family->id);
      const sidecar::Config config = configOf(objectsOf(world, one));
      EXPECT_EQ(config.engine->url.port, one.engine->port);
      EXPECT_EQ(config.engine->health.path, one.engine->health.path);
      EXPECT_EQ(config.paths, one.engine->proxiedPaths);
      withPaths += config.paths.empty() ? 0 : 1;
    }
  }
  EXPECT_GT(withPaths, 5U);
}

std::vector<manifest::Source> filesOf(const char* folder) {
  return manifest::collect({std::string(SAMPLES) + "/" + folder}, false, std::cin).value();
}

template <class T>
std::vector<T> samples(const char* folder, const char* kind,
                       const std::function<Result<T>(simdjson::dom::element)>& decode) {
  std::vector<T> result;
  for (const manifest::Entry& entry : manifest::read(filesOf(folder)).entries)
    if (entry.kind == kind) result.push_back(manifest::decodeEntry(entry, decode).value());
  return result;
}

std::vector<api::Region> sampleRegions() {
  std::vector<api::Region> result;
  for (const manifest::Source& file : filesOf("../regions")) {
    const manifest::Documents read = manifest::readDocuments(file.text);
    const std::string region = manifest::toJson(*read.roots.at(0).find("region")).dump();
    result.push_back(manifest::decodeText<api::Region>(region, api::decodeRegion).value());
  }
  return result;
}

TEST(LoadedByTheSidecar, WhatEverySampleGetsWhereItMayRun) {
  World world(catalog::builtin().value());
  std::map<std::string, api::ModelPassport> passports;
  for (const auto& passport :
       samples<api::ModelPassport>("passports", "ModelPassport", api::decodeModelPassport))
    passports[passport.meta.key.name] = passport;
  std::set<std::string> loaded;
  for (const auto& deployment : samples<api::ModelDeployment>("deployments", "ModelDeployment",
                                                              api::decodeModelDeployment)) {
    ASSERT_EQ(deployment.decodeError, "");
    for (const api::Region& region : sampleRegions()) {
      SCOPED_TRACE(deployment.meta.key.name + " in " + region.meta.key.name);
      world.region = region;
      tableOf(world.sharedOf(deployment), deployment.meta.key.name + "-routes");
      for (const api::Variant& variant : deployment.spec.variants) {
        if (variant.external) continue;
        const auto requirement =
            plan::require(variant, deployment.spec.placement, region, world.catalog);
        const auto& passport = passports[variant.passport];
        if (!requirement || unrenderable(deployment, variant, passport, world.environment))
          continue;
        configOf(
            variantObjects(deployment, {&variant, &passport, *requirement, 1}, world.environment));
        loaded.insert(deployment.meta.key.name);
      }
    }
  }
  EXPECT_GT(loaded.size(), 20U);
}

}  // namespace
}  // namespace bailiwick::render
