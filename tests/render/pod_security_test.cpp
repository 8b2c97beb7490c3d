#include "render/pod_security.hpp"

#include "render/world.hpp"

namespace bailiwick::render {
namespace {

using Rules = std::set<std::string>;

Rules violationsOf(const World& world, const VariantBuilder& variant) {
  const json pod = world.podOf(assistant().variant(variant).obj());
  return RestrictedCheck(pod.at("spec")).violations();
}

TEST(PodSecurity, IsRestrictedUnlessTheCatalogueSaysThatAnEngineNeedsMore) {
  const World world;
  struct Row {
    const char* what;
    VariantBuilder variant;
    Rules broken;
  };
  const Row rows[] = {
      {"nothing special", h200(), {}},
      {"cores", makeVariant("v").on("cpu", {}, 1), {}},
      {"weights from a claim", h200().passport("deepseek-v3-2", "claim"), {}},
      {"weights from an image", h200().passport("deepseek-v3-2", "image"), {}},
      {"host paths", makeVariant("v").on("ascend", {}, 2), {"hostPath: volume host-0"}},
      {"what AMD asks for",
       makeVariant("v").on("amd", {}, 1),
       {"hostIPC: pod", "capabilities.add: engine", "seccompProfile: engine"}},
      {"a privileged engine",
       makeVariant("v").on("kunlunxin", {}, 1),
       {"privileged: engine", "allowPrivilegeEscalation: engine"}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    EXPECT_EQ(violationsOf(world, row.variant), row.broken);
  }
}

TEST(PodSecurity, LetsAnEngineBeRootAloneInItsPod) {
  World world;
  world.catalog.engines.at("mindie").images.push_back({"nvidia", {}, "mindie:1", {}, {}});
  EXPECT_EQ(violationsOf(world, h200().engine("mindie")),
            (Rules{"runAsNonRoot: engine", "runAsUser: engine"}));
}

TEST(PodSecurity, HoldsInEveryPodOfAGroup) {
  const World world;
  const json group = at(world.workloadOf(assistant().variant(h200().nodes(2)).obj()),
                        "/spec/leaderWorkerTemplate");
  for (const char* member : {"leaderTemplate", "workerTemplate"})
    EXPECT_EQ(RestrictedCheck(group[member]["spec"]).violations(), Rules{}) << member;
}

TEST(PodSecurity, IsSomethingThatTheCheckCanFind) {
  const World world;
  const json good = world.podOf(assistant().variant(h200()).obj()).at("spec");
  const std::pair<const char*, json> changes[] = {
      {"/hostNetwork", true},
      {"/containers/0/securityContext/allowPrivilegeEscalation", true},
      {"/containers/0/securityContext/capabilities", json::object()},
      {"/initContainers/1/securityContext/runAsUser", 0},
      {"/initContainers/0/securityContext/seccompProfile/type", "Unconfined"},
      {"/initContainers/1/ports/0/hostPort", 8080},
  };
  for (const auto& [pointer, value] : changes) {
    json bad = good;
    bad[json::json_pointer(pointer)] = value;
    EXPECT_EQ(RestrictedCheck(bad).violations().size(), 1U) << pointer;
  }
}

}  // namespace
}  // namespace bailiwick::render
