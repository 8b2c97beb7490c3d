#include "render/world.hpp"

namespace bailiwick::render {
namespace {

TEST(Shared, HoldsEveryObjectOfADeploymentOwnedByIt) {
  const World world;
  std::set<std::string> made;
  for (const Object& object : world.sharedOf(assistant().variant(h200()).obj())) {
    made.insert(object.apiVersion + " " + object.kind + " " + object.key.str());
    EXPECT_EQ(at(object.body, "/metadata/ownerReferences/0/uid"),
              "uid-ModelDeployment-team/assistant");
    EXPECT_EQ(at(object.body, "/kind"), object.kind);
    EXPECT_EQ(at(object.body, "/apiVersion"), object.apiVersion);
  }
  EXPECT_EQ(
      made,
      (std::set<std::string>{
          "v1 ServiceAccount team/assistant", "rbac.authorization.k8s.io/v1 Role team/assistant",
          "rbac.authorization.k8s.io/v1 RoleBinding team/assistant",
          "networking.k8s.io/v1 NetworkPolicy team/assistant", "v1 ConfigMap team/assistant-routes",
          "v1 Service team/assistant", "policy/v1 PodDisruptionBudget team/assistant"}));
}

TEST(Shared, LetsTheSidecarWatchItsOwnRouteTableAndNothingElse) {
  const World world;
  const auto objects = world.sharedOf(assistant().variant(h200()).obj());
  EXPECT_EQ(find(objects, "Role", "assistant").body.at("rules"),
            json::array({{{"apiGroups", json::array({""})},
                          {"resources", json::array({"configmaps"})},
                          {"resourceNames", json::array({"assistant-routes"})},
                          {"verbs", {"get", "list", "watch"}}}}));
}

TEST(Shared, BindsTheServiceAccountInUse) {
  const World world;
  auto deployment = assistant().variant(h200()).obj();
  const auto subject = [&] {
    return at(find(world.sharedOf(deployment), "RoleBinding", "assistant").body, "/subjects");
  };
  EXPECT_EQ(
      subject(),
      json::array({{{"kind", "ServiceAccount"}, {"name", "assistant"}, {"namespace", "team"}}}));
  deployment.spec.pod.serviceAccountName = "own";
  EXPECT_EQ(subject()[0].at("name"), "own");
}

TEST(Shared, MakesAnAccountThatMountsNoToken) {
  const World world;
  const auto objects = world.sharedOf(assistant().variant(h200()).obj());
  EXPECT_EQ(find(objects, "ServiceAccount", "assistant").body.at("automountServiceAccountToken"),
            false);
}

TEST(Shared, LetsOneReplicaAtATimeBeDisrupted) {
  const World world;
  const auto objects = world.sharedOf(assistant().variant(h200()).obj());
  const json spec = find(objects, "PodDisruptionBudget", "assistant").body.at("spec");
  EXPECT_EQ(spec.at("maxUnavailable"), 1);
  EXPECT_EQ(at(spec, "/selector/matchLabels"),
            (json{{"bailiwick.dev/deployment", "assistant"}, {"bailiwick.dev/role", "engine"}}));
}

TEST(Shared, ServesEveryVariantUnderTheDeploymentsName) {
  const World world;
  const auto objects =
      world.sharedOf(assistant().variant(h200()).variant(h200("wide").nodes(2)).obj());
  const json spec = find(objects, "Service", "assistant").body.at("spec");
  EXPECT_EQ(at(spec, "/ports/0/targetPort"), 8080);
  // Whatever role: where nothing runs the deployment's gateway answers.
  EXPECT_EQ(spec.at("selector"), (json{{"bailiwick.dev/deployment", "assistant"},
                                       {"bailiwick.dev/serving", "true"}}));
}

TEST(Shared, HoldsNoSecret) {
  const World world;
  auto deployment = assistant().variant(h200()).obj();
  deployment.spec.routing.apiKeysSecret = "assistant-keys";
  for (const Object& object : world.sharedOf(deployment)) EXPECT_NE(object.kind, "Secret");
}

}  // namespace
}  // namespace bailiwick::render
