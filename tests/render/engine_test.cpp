#include "render/world.hpp"

namespace bailiwick::render {
namespace {

using ::testing::ElementsAre;
using Strings = std::vector<std::string>;

std::string valueOf(const json& container, const std::string& name) {
  return named(container.at("env"), name).value("value", "");
}

TEST(Engine, StartsOnLocalhostWithTheCataloguesCommandThenItsArgumentsThenTheUsers) {
  const World world;
  const auto variant = makeVariant("npu").on("ascend", {}, 4).args({"--max-model-len", "8192"});
  const json engine = world.engineOf(assistant().variant(variant).obj());
  EXPECT_EQ(engine.at("command"), (Strings{"vllm", "serve", "/models"}));
  EXPECT_EQ(engine.at("args"), (Strings{"--host", "127.0.0.1", "--port=8000", "--served-model-name",
                                        "DeepSeek-V3.2", "--tensor-parallel-size", "4",
                                        "--quantization", "ascend", "--max-model-len", "8192"}));
}

TEST(Engine, IsToldItsGroupByTheLeaderWorkerSetsOwnVariables) {
  const World world;
  const json group = at(world.workloadOf(assistant().variant(h200().nodes(4)).obj()),
                        "/spec/leaderWorkerTemplate");
  const Strings own = {"--nnodes", "4", "--node-rank=$(LWS_WORKER_INDEX)", "--master-addr",
                       "$(LWS_LEADER_ADDRESS)"};
  auto args = at(group, "/leaderTemplate/spec/containers/0/args").get<Strings>();
  EXPECT_EQ(Strings(args.end() - 5, args.end()), own);
  args = at(group, "/workerTemplate/spec/containers/0/args").get<Strings>();
  EXPECT_EQ(args.back(), "--headless");
  EXPECT_EQ(Strings(args.end() - 6, args.end() - 1), own);
}

TEST(Engine, DoesNotLetAUsersArgumentExpandIntoAnother) {
  const World world;
  const json engine =
      world.engineOf(assistant().variant(h200().args({"--x=$(SECRET)", "a$b", "{port}"})).obj());
  const auto args = engine.at("args").get<Strings>();
  EXPECT_THAT(Strings(args.end() - 3, args.end()), ElementsAre("--x=$$(SECRET)", "a$$b", "{port}"));
}

TEST(Engine, TakesTheUsersImageBeforeTheCatalogues) {
  const World world;
  EXPECT_EQ(world.engineOf(assistant().variant(h200()).obj()).at("image"),
            "vllm/vllm-openai:v0.23.0");
  const auto own = assistant().variant(h200().image("registry.example/vllm@sha256:bb")).obj();
  EXPECT_EQ(world.engineOf(own).at("image"), "registry.example/vllm@sha256:bb");
}

TEST(Engine, CollectsItsEnvironmentSoThatTheMoreSpecificWins) {
  const World world;
  auto deployment = assistant().variant(h200().env("A", "variant").secretEnv("B", "s", "k")).obj();
  deployment.spec.pod.env = {{"A", "pod", {}}, {"C", "pod", {}}};
  const json engine = world.engineOf(deployment);
  EXPECT_EQ(valueOf(engine, "HF_HUB_OFFLINE"), "1");
  EXPECT_EQ(valueOf(engine, "VLLM_X"), "image");
  EXPECT_EQ(valueOf(engine, "A"), "variant");
  EXPECT_EQ(valueOf(engine, "C"), "pod");
  EXPECT_EQ(named(engine.at("env"), "B").at("valueFrom"),
            (json{{"secretKeyRef", {{"name", "s"}, {"key", "k"}}}}));
  std::set<std::string> names;
  for (const json& entry : engine.at("env"))
    EXPECT_TRUE(names.insert(entry.at("name")).second) << entry;
}

TEST(Engine, KeepsReservedEnvironmentEvenWhenAdmissionWasNotAsked) {
  const World world;
  const auto variant = h200()
                           .env("HF_HUB_OFFLINE", "0")
                           .env("LD_PRELOAD", "/x.so")
                           .env("NVIDIA_VISIBLE_DEVICES", "all");
  const json engine = world.engineOf(assistant().variant(variant).obj());
  EXPECT_EQ(valueOf(engine, "HF_HUB_OFFLINE"), "1");
  EXPECT_TRUE(named(engine.at("env"), "LD_PRELOAD").is_null());
  EXPECT_TRUE(named(engine.at("env"), "NVIDIA_VISIBLE_DEVICES").is_null());
}

TEST(Engine, AsksForWholeDevicesAsRequestAndLimit) {
  const World world;
  auto deployment = assistant().variant(h200()).obj();
  deployment.spec.pod.requests = {
      {"memory", "64Gi"}, {"hugepages-2Mi", "1Gi"}, {"nvidia.com/gpu", "1"}};
  deployment.spec.pod.limits = {{"memory", "96Gi"}};
  EXPECT_EQ(
      world.engineOf(deployment).at("resources"),
      (json{{"requests",
             {{"nvidia.com/gpu", "8"}, {"cpu", "1"}, {"memory", "64Gi"}, {"hugepages-2Mi", "1Gi"}}},
            {"limits", {{"nvidia.com/gpu", "8"}, {"memory", "96Gi"}, {"hugepages-2Mi", "1Gi"}}}}));
}

TEST(Engine, NeverAsksForMoreThanALimitOfTheUser) {
  const World world;
  auto deployment = assistant().variant(h200()).obj();
  deployment.spec.pod.limits = {{"cpu", "500m"}, {"memory", "512Mi"}};
  EXPECT_EQ(world.engineOf(deployment).at("resources").at("requests"),
            (json{{"nvidia.com/gpu", "8"}}));
}

TEST(Engine, TakesItsCoresAsDevicesWhereTheVendorIsCpu) {
  const World world;
  auto deployment = assistant().variant(makeVariant("small").on("cpu", {}, 2)).obj();
  deployment.spec.pod.requests = {{"cpu", "32"}};
  deployment.spec.pod.limits = {{"cpu", "64"}};
  const json resources = world.engineOf(deployment).at("resources");
  EXPECT_EQ(resources.at("requests").at("cpu"), "2");
  EXPECT_EQ(resources.at("limits").at("cpu"), "2");
}

TEST(Engine, IsProbedThroughTheSidecarAndHeldUpUntilItHasDrained) {
  const World world;
  const json engine = world.engineOf(assistant().variant(h200()).obj());
  const json get = {{"path", "/engine"}, {"port", 9091}};
  for (const char* probe : {"startupProbe", "readinessProbe", "livenessProbe"})
    EXPECT_EQ(engine.at(probe).at("httpGet"), get) << probe;
  EXPECT_EQ(at(engine, "/lifecycle/preStop/httpGet"), (json{{"path", "/drained"}, {"port", 9091}}));
  EXPECT_FALSE(engine.contains("ports"));
}

TEST(Engine, MayStartForAsLongAsTheProgressDeadline) {
  const World world;
  for (const int minutes : {1, 30, 240}) {
    auto deployment = assistant().variant(h200()).obj();
    deployment.spec.rollout.progressDeadline = std::chrono::minutes(minutes);
    const json probe = world.engineOf(deployment).at("startupProbe");
    EXPECT_GE(probe.at("failureThreshold").get<int>() * probe.at("periodSeconds").get<int>(),
              minutes * 60);
  }
}

TEST(Engine, WritesOnlyWhereTheCatalogueSays) {
  const World world;
  const json engine = world.engineOf(assistant().variant(h200()).obj());
  EXPECT_EQ(at(engine, "/securityContext/readOnlyRootFilesystem"), true);
  std::set<std::string> writable;
  for (const json& mount : engine.at("volumeMounts"))
    if (!mount.value("readOnly", false)) writable.insert(mount.at("mountPath"));
  EXPECT_EQ(writable, (std::set<std::string>{"/dev/shm", "/tmp", "/var/cache/vllm"}));
  EXPECT_EQ(valueOf(engine, "HOME"), "/tmp");
}

TEST(Engine, GetsSharedMemoryAndHostPathsWhereTheVendorNeedsThem) {
  const World world;
  const auto gpu = world.podOf(assistant().variant(h200()).obj());
  EXPECT_EQ(named(at(gpu, "/spec/volumes"), "shm").at("emptyDir"), (json{{"medium", "Memory"}}));
  const auto npu = world.podOf(assistant().variant(makeVariant("npu").on("ascend", {}, 2)).obj());
  EXPECT_EQ(named(at(npu, "/spec/volumes"), "host-0").at("hostPath"),
            (json{{"path", "/usr/local/Ascend/driver"}, {"type", "Directory"}}));
  EXPECT_EQ(
      named(at(npu, "/spec/containers/0/volumeMounts"), "host-0"),
      (json{{"name", "host-0"}, {"mountPath", "/usr/local/Ascend/driver"}, {"readOnly", true}}));
  EXPECT_TRUE(named(at(npu, "/spec/volumes"), "shm").is_null());
}

}  // namespace
}  // namespace bailiwick::render
