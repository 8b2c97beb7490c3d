#include "render/pod.hpp"

#include "render/world.hpp"

namespace bailiwick::render {
namespace {

TEST(Pod, ToleratesOnlyTheTaintsOfItsPool) {
  const World world;
  EXPECT_EQ(
      at(world.podOf(assistant().variant(h200()).obj()), "/spec/tolerations"),
      json::array({{{"key", "nvidia.com/gpu"}, {"operator", "Exists"}, {"effect", "NoSchedule"}}}));
}

TEST(Pod, NamesARuntimeClassOnlyWhileItExists) {
  World world;
  const auto deployment = assistant().variant(h200()).obj();
  EXPECT_TRUE(at(world.podOf(deployment), "/spec/runtimeClassName").is_null());
  world.environment.runtimeClasses = {"ascend", "nvidia"};
  EXPECT_EQ(at(world.podOf(deployment), "/spec/runtimeClassName"), "nvidia");
}

TEST(Pod, NamesASchedulerOnlyWhereTheCatalogueDoes) {
  World world;
  const auto deployment = assistant().variant(h200()).obj();
  EXPECT_TRUE(at(world.podOf(deployment), "/spec/schedulerName").is_null());
  world.catalog.vendors.at("nvidia").families[0].pod.schedulerName = "volcano";
  EXPECT_EQ(at(world.podOf(deployment), "/spec/schedulerName"), "volcano");
}

TEST(Pod, IsBoundToItsNodesByRequiredNodeAffinityAlone) {
  const World world;
  const json spec = world.podOf(assistant().variant(h200()).obj()).at("spec");
  EXPECT_EQ(spec.at("affinity").size(), 1U);
  EXPECT_EQ(at(spec, "/affinity/nodeAffinity").size(), 1U);
  for (const char* other : {"nodeSelector", "nodeName", "topologySpreadConstraints"})
    EXPECT_FALSE(spec.contains(other)) << other;
}

TEST(Pod, MatchesNoNodeWhereTheSelectorMatchesNone) {
  for (const plan::NodeSelector& none :
       {plan::NodeSelector{}, plan::NodeSelector{{plan::Term{}}}}) {
    const json terms = nodeSelector(none).at("nodeSelectorTerms");
    ASSERT_EQ(terms.size(), 1U);
    const json expressions = terms[0].at("matchExpressions");
    EXPECT_EQ(expressions[0].at("key"), expressions[1].at("key"));
    EXPECT_EQ(expressions[0].at("operator"), "Exists");
    EXPECT_EQ(expressions[1].at("operator"), "DoesNotExist");
  }
}

TEST(Pod, GivesTheServiceAccountTokenToTheSidecarAlone) {
  const World world;
  const json spec = world.podOf(assistant().variant(h200()).obj()).at("spec");
  EXPECT_EQ(spec.at("automountServiceAccountToken"), false);
  EXPECT_EQ(spec.at("enableServiceLinks"), false);
  std::vector<std::string> mounting;
  for (const char* list : {"initContainers", "containers"})
    for (const json& container : spec.at(list))
      if (!named(container.at("volumeMounts"), "token").is_null())
        mounting.push_back(container.at("name"));
  EXPECT_EQ(mounting, std::vector<std::string>{"engine-sidecar"});
}

TEST(Pod, RunsUnderItsOwnServiceAccountOrTheUsers) {
  const World world;
  auto deployment = assistant().variant(h200()).obj();
  EXPECT_EQ(at(world.podOf(deployment), "/spec/serviceAccountName"), "assistant");
  deployment.spec.pod.serviceAccountName = "own";
  EXPECT_EQ(at(world.podOf(deployment), "/spec/serviceAccountName"), "own");
}

TEST(Pod, HasTimeForLameDuckDrainAndReserve) {
  const World world;
  auto deployment = assistant().variant(h200()).variant(h200("wide").nodes(2)).obj();
  deployment.spec.exit.drainTimeout = api::Duration{90500};
  EXPECT_EQ(at(world.podOf(deployment), "/spec/terminationGracePeriodSeconds"), 126);
  const json group = at(world.workloadOf(deployment, 1), "/spec/leaderWorkerTemplate");
  EXPECT_EQ(at(group, "/leaderTemplate/spec/terminationGracePeriodSeconds"), 126);
  EXPECT_EQ(at(group, "/workerTemplate/spec/terminationGracePeriodSeconds"), 30);
}

TEST(Pod, FetchesItsWeightsBeforeTheSidecarStarts) {
  const World world;
  const json init = at(world.podOf(assistant().variant(h200()).obj()), "/spec/initContainers");
  ASSERT_EQ(init.size(), 2U);
  EXPECT_EQ(init[0].at("name"), "fetch-weights");
  EXPECT_FALSE(init[0].contains("restartPolicy"));
  EXPECT_EQ(init[1].at("name"), "engine-sidecar");
}

TEST(Pod, LetsNoLabelOfATenantReplaceOneOfOurs) {
  const World world;
  auto deployment = assistant().variant(makeVariant("npu").on("ascend", {}, 2)).obj();
  deployment.spec.pod.labels = {
      {"team", "x"}, {"bailiwick.dev/role", "gateway"}, {"ring-controller.atlas", "other"}};
  deployment.spec.pod.annotations = {
      {"note", "x"}, {"bailiwick.dev/config-hash", "0"}, {"huawei.com/schedule_policy", "other"}};
  const json metadata = world.podOf(deployment).at("metadata");
  EXPECT_EQ(metadata.at("labels").at("team"), "x");
  EXPECT_EQ(metadata.at("labels").at("bailiwick.dev/role"), "engine");
  EXPECT_EQ(metadata.at("labels").at("ring-controller.atlas"), "ascend-npu");
  EXPECT_EQ(metadata.at("annotations").at("note"), "x");
  EXPECT_NE(metadata.at("annotations").at("bailiwick.dev/config-hash"), "0");
  EXPECT_EQ(metadata.at("annotations").at("huawei.com/schedule_policy"), "chip2-node16");
}

TEST(Pod, LetsNoTenantPutAWorkerBehindTheService) {
  const World world;
  auto deployment = assistant().variant(h200().nodes(2)).obj();
  deployment.spec.pod.labels = {{"bailiwick.dev/serving", "true"}};
  EXPECT_FALSE(
      at(world.workloadOf(deployment), "/spec/leaderWorkerTemplate/workerTemplate/metadata/labels")
          .contains("bailiwick.dev/serving"));
}

TEST(Pod, RollsWhenTheSidecarsConfigurationChangesAndNotWhenThePlanDoes) {
  const World world;
  const auto before = assistant().variant(h200()).obj();
  auto limits = before, priority = before;
  limits.spec.routing.limits.maxInFlight = 7;
  priority.spec.priority = 7;
  priority.spec.replicas = 9;
  priority.spec.placement.strategy = api::Strategy::Pack;
  EXPECT_NE(world.podOf(limits), world.podOf(before));
  EXPECT_EQ(world.podOf(priority), world.podOf(before));
  const auto one = variantObjects(before, world.share(before, 0, 1), world.environment);
  const auto five = variantObjects(before, world.share(before, 0, 5), world.environment);
  EXPECT_EQ(at(one.back().body, "/spec/template"), at(five.back().body, "/spec/template"));
}

TEST(Pod, PullsWithTheSecretsThatTheSpecNames) {
  const World world;
  auto deployment = assistant().variant(h200()).obj();
  EXPECT_TRUE(at(world.podOf(deployment), "/spec/imagePullSecrets").is_null());
  deployment.spec.pod.imagePullSecrets = {"a", "b"};
  EXPECT_EQ(at(world.podOf(deployment), "/spec/imagePullSecrets"),
            json::array({{{"name", "a"}}, {{"name", "b"}}}));
}

}  // namespace
}  // namespace bailiwick::render
