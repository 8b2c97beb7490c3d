#include "render/pod_security.hpp"
#include "render/shipped.hpp"

namespace bailiwick::render {
namespace {

const catalog::Catalog& shippedCatalog() {
  static const catalog::Catalog one = catalog::builtin().value();
  return one;
}

// What the catalogue says that an engine on these pools needs beyond "restricted".
std::set<std::string> declared(const Shipped& one) {
  const catalog::PodSettings& pod = one.family->pod;
  std::set<std::string> result;
  for (std::size_t i = 0; i < pod.hostPaths.size(); ++i)
    result.insert("hostPath: volume host-" + std::to_string(i));
  if (pod.hostIPC) result.insert("hostIPC: pod");
  if (!pod.capabilities.empty()) result.insert("capabilities.add: engine");
  if (pod.unconfinedSeccomp) result.insert("seccompProfile: engine");
  if (pod.privileged) {
    result.insert("privileged: engine");
    result.insert("allowPrivilegeEscalation: engine");
  }
  if (one.engine->runAsUser == 0) {
    result.insert("runAsNonRoot: engine");
    result.insert("runAsUser: engine");
  }
  return result;
}

// The pod templates of everything that this variant becomes.
std::vector<json> podsOf(World& world, const Shipped& one) {
  const json spec = objectsOf(world, one).back().body.at("spec");
  if (spec.contains("template")) return {spec.at("template")};
  const json group = spec.at("leaderWorkerTemplate");
  return {group.at("leaderTemplate"), group.at("workerTemplate")};
}

TEST(ShippedCatalogue, RunsEveryEngineRestrictedUnlessItSaysOtherwise) {
  World world(shippedCatalog());
  const auto all = shipped(world.catalog, "fp8", 1);
  EXPECT_GT(all.size(), 40U);
  for (const Shipped& one : all) {
    SCOPED_TRACE(one.deployment.meta.key.name + " " + one.family->id);
    for (const json& pod : podsOf(world, one))
      EXPECT_EQ(RestrictedCheck(pod.at("spec")).violations(), declared(one));
  }
}

// Against the standard as it is written down a second time.
TEST(ShippedCatalogue, CallsRestrictedExactlyWhatIsRestricted) {
  World world(shippedCatalog());
  std::set<std::string> levels;
  for (const Shipped& one : shipped(world.catalog, "fp8", 1)) {
    SCOPED_TRACE(one.deployment.meta.key.name + " " + one.family->id);
    plan::Requirement requirement;
    requirement.family = one.family;
    requirement.engine = one.engine;
    const auto level = plan::podSecurityOf(requirement);
    levels.insert(level);
    EXPECT_EQ(level == "restricted", declared(one).empty());
    if (level != "baseline") continue;
    for (const auto& rule : declared(one)) EXPECT_TRUE(rule.starts_with("runAs")) << rule;
  }
  EXPECT_TRUE(levels.contains("restricted") && levels.contains("privileged"));
}

TEST(ShippedCatalogue, LeavesNoPlaceholderUnfilled) {
  World world(shippedCatalog());
  for (const int nodes : {1, 2})
    for (const Shipped& one : shipped(world.catalog, "hub", nodes)) {
      SCOPED_TRACE(one.deployment.meta.key.name);
      for (const json& pod : podsOf(world, one)) {
        const std::string text = pod.dump();
        for (const char* name :
             {"model", "servedName", "host", "port", "devices", "nodes", "leaderAddress",
              "nodeRank", "uri", "directory", "reference", "repository", "revision"})
          EXPECT_EQ(text.find("{" + std::string(name) + "}"), std::string::npos) << name;
      }
    }
}

TEST(ShippedCatalogue, FetchesEveryDownloadedSource) {
  World world(shippedCatalog());
  world.passport = makePassport("deepseek-v3-2")
                       .artifact("oci", api::SourceType::OCI, "oci://reg/a:v1")
                       .artifact("http", api::SourceType::HTTP, "https://host/a.tar")
                       .artifact("hub", api::SourceType::HuggingFace, "hf://org/a")
                       .artifact("scope", api::SourceType::ModelScope, "org/a")
                       .obj();
  for (const char* artifact : {"oci", "http", "hub", "scope"}) {
    const auto all = shipped(world.catalog, artifact, 1);
    const auto& variant = all.front().deployment.spec.variants.front();
    const auto refusal =
        unrenderable(all.front().deployment, variant, world.passport, world.environment);
    EXPECT_FALSE(refusal) << refusal->message;
  }
}

}  // namespace
}  // namespace bailiwick::render
