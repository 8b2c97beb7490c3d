#include "render/world.hpp"

namespace bailiwick::render {
namespace {

TEST(Workload, IsADeploymentOnOneNodeAndALeaderWorkerSetOnSeveral) {
  const World world;
  const auto deployment = assistant().variant(h200()).variant(h200("wide").nodes(2)).obj();
  const json one = world.workloadOf(deployment, 0), several = world.workloadOf(deployment, 1);
  EXPECT_EQ(at(one, "/kind"), "Deployment");
  EXPECT_EQ(at(one, "/metadata/name"), "assistant-h200");
  EXPECT_EQ(at(several, "/apiVersion"), "leaderworkerset.x-k8s.io/v1");
  EXPECT_EQ(at(several, "/kind"), "LeaderWorkerSet");
  EXPECT_EQ(at(several, "/metadata/name"), "assistant-wide");
}

TEST(Workload, CarriesTheFixedLabelsAndItsOwner) {
  const World world;
  for (const Object& object : world.variantOf(assistant().variant(h200()).obj())) {
    SCOPED_TRACE(object.kind);
    EXPECT_EQ(at(object.body, "/metadata/labels"),
              (json{{"bailiwick.dev/deployment", "assistant"},
                    {"bailiwick.dev/variant", "h200"},
                    {"bailiwick.dev/region", "fra"},
                    {"bailiwick.dev/role", "engine"},
                    {"app.kubernetes.io/managed-by", "bailiwick"}}));
    EXPECT_EQ(at(object.body, "/metadata/ownerReferences/0"),
              (json{{"apiVersion", "bailiwick.dev/v1alpha1"},
                    {"kind", "ModelDeployment"},
                    {"name", "assistant"},
                    {"uid", "uid-ModelDeployment-team/assistant"},
                    {"controller", true},
                    {"blockOwnerDeletion", false}}));
    EXPECT_EQ(at(object.body, "/metadata/namespace"), "team");
    EXPECT_EQ(at(object.body, "/metadata/name"), object.key.name);
  }
}

TEST(Workload, SelectsWithLabelsThatNeverChange) {
  const World world;
  const json deployment = world.workloadOf(assistant().variant(h200()).obj());
  const json selector = {{"bailiwick.dev/deployment", "assistant"},
                         {"bailiwick.dev/variant", "h200"},
                         {"bailiwick.dev/role", "engine"}};
  EXPECT_EQ(at(deployment, "/spec/selector/matchLabels"), selector);
  for (const auto& [key, value] : selector.items())
    EXPECT_EQ(at(deployment, "/spec/template/metadata/labels")[key], value);
}

TEST(Workload, ReplacesBeforeItRemovesAndAllowsTheGapThatTheSpecAllows) {
  const World world;
  for (const int gap : {0, 2}) {
    const auto deployment =
        assistant().maxUnavailable(gap).variant(h200()).variant(h200("wide").nodes(2)).obj();
    EXPECT_EQ(at(world.workloadOf(deployment, 0), "/spec/strategy"),
              (json{{"type", "RollingUpdate"},
                    {"rollingUpdate", {{"maxSurge", 1}, {"maxUnavailable", gap}}}}));
    EXPECT_EQ(at(world.workloadOf(deployment, 1), "/spec/rolloutStrategy"),
              (json{{"type", "RollingUpdate"},
                    {"rollingUpdateConfiguration",
                     {{"partition", 0}, {"maxSurge", 1}, {"maxUnavailable", gap}}}}));
  }
}

TEST(Workload, RoundsTheProgressDeadlineUpToWholeSeconds) {
  const World world;
  struct Row {
    api::Duration deadline;
    int seconds;
  };
  for (const Row& row : {Row{api::Duration{1}, 1}, Row{api::Duration{1000}, 1},
                         Row{api::Duration{1001}, 2}, Row{api::Duration{1800000}, 1800}}) {
    auto deployment = assistant().variant(h200()).obj();
    deployment.spec.rollout.progressDeadline = row.deadline;
    EXPECT_EQ(at(world.workloadOf(deployment), "/spec/progressDeadlineSeconds"), row.seconds);
  }
}

TEST(Workload, TakesItsReplicasFromTheShare) {
  const World world;
  const auto deployment = assistant().variant(h200()).obj();
  const auto objects = variantObjects(deployment, world.share(deployment, 0, 3), world.environment);
  EXPECT_EQ(at(objects.back().body, "/spec/replicas"), 3);
}

TEST(Workload, LeavesTheGroupsNameToOurService) {
  const World world;
  const auto objects = world.variantOf(assistant().variant(h200("wide").nodes(2)).obj());
  EXPECT_EQ(at(objects.back().body, "/spec/networkConfig/subdomainPolicy"), "UniquePerReplica");
  EXPECT_EQ(find(objects, "Service", "assistant-wide").body.at("spec").count("clusterIP"), 0U);
}

TEST(Workload, GivesOnlyTheLeaderASidecarAndTheServiceOnlyTheLeader) {
  const World world;
  const auto objects = world.variantOf(assistant().variant(h200("wide").nodes(2)).obj());
  const json group = at(objects.back().body, "/spec/leaderWorkerTemplate");
  EXPECT_EQ(at(group, "/size"), 2);
  EXPECT_EQ(at(group, "/restartPolicy"), "RecreateGroupOnPodRestart");
  EXPECT_FALSE(named(at(group, "/leaderTemplate/spec/initContainers"), "engine-sidecar").is_null());
  EXPECT_TRUE(named(at(group, "/workerTemplate/spec/initContainers"), "engine-sidecar").is_null());
  EXPECT_TRUE(named(at(group, "/workerTemplate/spec/volumes"), "token").is_null());
  EXPECT_TRUE(at(group, "/workerTemplate/spec/containers/0/readinessProbe").is_null());
  EXPECT_TRUE(at(group, "/workerTemplate/spec/containers/0/lifecycle").is_null());
  const json wanted = find(objects, "Service", "assistant-wide").body.at("spec").at("selector");
  for (const auto& [key, value] : wanted.items())
    EXPECT_EQ(at(group, "/leaderTemplate/metadata/labels")[key], value);
  EXPECT_FALSE(at(group, "/workerTemplate/metadata/labels").contains("bailiwick.dev/serving"));
  EXPECT_TRUE(wanted.contains("bailiwick.dev/serving"));
}

TEST(Workload, SendsLeaderAndWorkersToTheSameLawfulNodes) {
  const World world;
  const json group = at(world.workloadOf(assistant().variant(h200("wide").nodes(2)).obj()),
                        "/spec/leaderWorkerTemplate");
  EXPECT_EQ(at(group, "/leaderTemplate/spec/affinity"), at(group, "/workerTemplate/spec/affinity"));
  EXPECT_FALSE(at(group, "/workerTemplate/spec/affinity").is_null());
}

TEST(Workload, ServesOnPort80ThroughTheSidecar) {
  const World world;
  const auto objects = world.variantOf(assistant().variant(h200()).obj());
  EXPECT_EQ(
      at(find(objects, "Service", "assistant-h200").body, "/spec/ports"),
      json::array({{{"name", "http"}, {"port", 80}, {"protocol", "TCP"}, {"targetPort", 8080}}}));
}

std::string refusal(const World& world, const api::ModelDeployment& deployment) {
  const auto& variant = deployment.spec.variants.front();
  const auto refused = unrenderable(deployment, variant, world.passport, world.environment);
  return refused ? refused->reason + ": " + refused->message : "";
}

TEST(Unrenderable, SaysWhyNothingCanBeMade) {
  World world;
  world.catalog.fetchers.erase("HuggingFace");
  struct Row {
    const char* why;
    VariantBuilder variant;
    const char* says;
  };
  const Row rows[] = {
      {"all is well", h200(), ""},
      {"an artifact that the passport lacks", h200().passport("deepseek-v3-2", "int4"),
       "ArtifactMissing: passport deepseek-v3-2 has no artifact int4"},
      {"no fetcher for the source", h200().passport("deepseek-v3-2", "hub"),
       "EngineUnsupported: artifact hub of passport deepseek-v3-2: the catalogue has no fetcher "
       "for HuggingFace"},
      {"an engine that cannot span nodes", h200().engine("mindie").nodes(2),
       "EngineUnsupported: variant h200: engine mindie cannot span nodes"},
      {"several nodes within reach of a label", h200("a23456789012345678901").nodes(2), ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    EXPECT_EQ(refusal(world, assistant().variant(row.variant).obj()), row.says);
  }
}

TEST(Unrenderable, RefusesNamesThatTheGroupsLabelsCannotHold) {
  const World world;
  const auto variant = h200("a23456789012345678901").nodes(2);
  const auto fits = makeDeployment("b2345678901234567890123456", "team").variant(variant).obj();
  const auto tooLong = makeDeployment("b23456789012345678901234567", "team").variant(variant).obj();
  EXPECT_EQ(refusal(world, fits), "");
  EXPECT_THAT(refusal(world, tooLong), ::testing::HasSubstr("InvalidSpec"));
  auto oneNode = tooLong;
  oneNode.spec.variants[0].accelerator.nodes = 1;
  EXPECT_EQ(refusal(world, oneNode), "");
}

}  // namespace
}  // namespace bailiwick::render
