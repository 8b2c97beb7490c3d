#include <yaml-cpp/yaml.h>

#include "render/world.hpp"

namespace bailiwick::render {
namespace {

json configMapOf(const World& world, const api::ModelDeployment& deployment,
                 const std::set<std::string>& serving, const RouteState& current = {}) {
  const auto objects = sharedObjects(deployment, {serving}, world.environment, current);
  return find(objects, "ConfigMap", "assistant-routes").body;
}

YAML::Node tableOf(const json& configMap) {
  return YAML::Load(configMap.at("data").at("routes.yaml").get<std::string>());
}

// As the operator finds it again in its cache.
RouteState stateOf(const json& configMap) {
  api::ObjectMeta meta;
  for (const auto& [key, value] : configMap.at("metadata").at("annotations").items())
    meta.annotations.set(key, value);
  return routeState(meta);
}

api::ModelDeployment twoVariants() {
  return assistant()
      .in({"EU", "CH"})
      .residency({})
      .variant(h200())
      .variant(makeVariant("mi300x").on("amd", {}, 8))
      .obj();
}

TEST(Routes, HaveOneEngineForEachVariantThatServes) {
  const World world;
  const auto deployment = twoVariants();
  const YAML::Node both = tableOf(configMapOf(world, deployment, {"h200", "mi300x"}));
  ASSERT_EQ(both["backends"].size(), 2U);
  EXPECT_EQ(both["backends"][0]["name"].as<std::string>(), "h200");
  EXPECT_EQ(both["backends"][0]["kind"].as<std::string>(), "Engine");
  EXPECT_EQ(both["backends"][0]["variant"].as<std::string>(), "h200");
  EXPECT_EQ(both["backends"][1]["url"].as<std::string>(), "http://assistant-mi300x.team.svc:80");
  EXPECT_EQ(both["backends"][0]["priority"].as<int>(), 0);
  EXPECT_EQ(both["backends"][1]["priority"].as<int>(), 1);
  const YAML::Node one = tableOf(configMapOf(world, deployment, {"mi300x"}));
  ASSERT_EQ(one["backends"].size(), 1U);
  EXPECT_EQ(one["backends"][0]["variant"].as<std::string>(), "mi300x");
  EXPECT_EQ(one["backends"][0]["priority"].as<int>(), 1);
}

TEST(Routes, ListWhatLeftTheSpecWhileItServes) {
  const World world;
  const auto deployment = twoVariants();
  const YAML::Node table = tableOf(configMapOf(world, deployment, {"a100", "gone", "mi300x"}));
  ASSERT_EQ(table["backends"].size(), 3U);
  EXPECT_EQ(table["backends"][0]["variant"].as<std::string>(), "mi300x");
  EXPECT_EQ(table["backends"][1]["url"].as<std::string>(), "http://assistant-a100.team.svc:80");
  EXPECT_EQ(table["backends"][1]["priority"].as<int>(), 2) << "after all that the spec names";
  EXPECT_EQ(table["backends"][2]["priority"].as<int>(), 3);
}

TEST(Routes, NameTheDomainWithBlocsExpanded) {
  const World world;
  auto deployment = twoVariants();
  deployment.spec.placement.dataResidency = {"eu-personal"};
  const YAML::Node table = tableOf(configMapOf(world, deployment, {"h200", "mi300x"}));
  EXPECT_EQ(table["residency"]["jurisdictions"].as<std::vector<std::string>>(),
            (std::vector<std::string>{"CH", "DE", "FR", "SE"}));
  EXPECT_EQ(table["residency"]["classes"].as<std::vector<std::string>>(),
            std::vector<std::string>{"eu-personal"});
  EXPECT_EQ(table["servedName"].as<std::string>(), "assistant");
}

TEST(Routes, WeighVariantsAsTheSpecDoesAndUnlistedOnesNothing) {
  const World world;
  auto deployment = twoVariants();
  deployment.spec.routing.mode = "Weighted";
  deployment.spec.routing.weights = {{"mi300x", 30}};
  const YAML::Node table = tableOf(configMapOf(world, deployment, {"h200", "mi300x"}));
  EXPECT_EQ(table["mode"].as<std::string>(), "Weighted");
  EXPECT_EQ(table["backends"][0]["weight"].as<int>(), 0);
  EXPECT_EQ(table["backends"][1]["weight"].as<int>(), 30);
}

TEST(Routes, ShadowOnlyWhatRunsHere) {
  const World world;
  auto deployment = twoVariants();
  deployment.spec.routing.shadow = {"mi300x", 5};
  const auto both = configMapOf(world, deployment, {"h200", "mi300x"});
  EXPECT_EQ(tableOf(both)["shadow"]["percent"].as<int>(), 5);
  EXPECT_FALSE(tableOf(configMapOf(world, deployment, {"h200"}))["shadow"]);
}

TEST(Routes, GetANewGenerationExactlyWhenTheirContentChanges) {
  const World world;
  auto deployment = twoVariants();
  const std::set<std::string> both = {"h200", "mi300x"};
  const json first = configMapOf(world, deployment, both);
  EXPECT_EQ(stateOf(first).generation, 1);
  EXPECT_EQ(tableOf(first)["generation"].as<int>(), 1);

  deployment.meta.generation = 9;
  deployment.spec.priority = 5;
  const json same = configMapOf(world, deployment, both, stateOf(first));
  EXPECT_EQ(same, first);

  const json changed = configMapOf(world, deployment, {"mi300x"}, stateOf(same));
  EXPECT_EQ(tableOf(changed)["generation"].as<int>(), 2);
  EXPECT_EQ(stateOf(changed).generation, 2);

  const json back = configMapOf(world, deployment, both, stateOf(changed));
  EXPECT_EQ(tableOf(back)["generation"].as<int>(), 3);
}

TEST(Routes, StartAgainWhereTheAnnotationsSayNothing) {
  api::ObjectMeta meta;
  EXPECT_EQ(routeState(meta).generation, 0);
  meta.annotations = {{"bailiwick.dev/routes-hash", "x"}, {"bailiwick.dev/routes-generation", "7"}};
  EXPECT_EQ(routeState(meta).generation, 7);
  for (const char* bad : {"", "x", "7x", "-1", "99999999999999999999"}) {
    meta.annotations.set("bailiwick.dev/routes-generation", bad);
    EXPECT_EQ(routeState(meta).generation, 0) << bad;
    EXPECT_EQ(routeState(meta).hash, "") << bad;
  }
}

}  // namespace
}  // namespace bailiwick::render
