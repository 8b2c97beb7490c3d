#include "render/weights.hpp"

#include "render/world.hpp"

namespace bailiwick::render {
namespace {

using api::SourceType;
using Strings = std::vector<std::string>;

json podWith(const World& world, const std::string& artifact) {
  return world.podOf(assistant().variant(h200().passport("deepseek-v3-2", artifact)).obj())
      .at("spec");
}

json modelMount(const json& spec) {
  return named(at(spec, "/containers/0/volumeMounts"), "weights");
}

TEST(Weights, ArriveReadOnlyAtOnePathWhateverTheirSource) {
  const World world;
  for (const char* artifact : {"fp8", "image", "claim", "hub"}) {
    const json mount = modelMount(podWith(world, artifact));
    EXPECT_EQ(mount.at("mountPath"), "/models") << artifact;
    EXPECT_EQ(mount.at("readOnly"), true) << artifact;
  }
}

TEST(Weights, AreMountedFromAClaimAndItsFolder) {
  const World world;
  const json spec = podWith(world, "claim");
  EXPECT_EQ(named(spec.at("volumes"), "weights").at("persistentVolumeClaim"),
            (json{{"claimName", "weights"}, {"readOnly", true}}));
  EXPECT_EQ(modelMount(spec).at("subPath"), "deepseek/v3");
  EXPECT_TRUE(named(spec.at("initContainers"), "fetch-weights").is_null());
}

TEST(Weights, AreMountedFromAnImage) {
  const World world;
  const json spec = podWith(world, "image");
  EXPECT_EQ(named(spec.at("volumes"), "weights").at("image"),
            (json{{"reference", "registry.example/models/v3@sha256:aa"},
                  {"pullPolicy", "IfNotPresent"}}));
  EXPECT_TRUE(named(spec.at("initContainers"), "fetch-weights").is_null());
}

TEST(Weights, AreFetchedByAProgramThatGetsTheAddressAsOneArgument) {
  World world;
  const json oci = named(podWith(world, "fp8").at("initContainers"), "fetch-weights");
  EXPECT_EQ(oci.at("command"),
            (Strings{"oras", "pull", "registry.example/models/v3@sha256:aa", "-o", "/models"}));
  const json hub = named(podWith(world, "hub").at("initContainers"), "fetch-weights");
  EXPECT_EQ(hub.at("command"), (Strings{"hf", "download", "deepseek-ai/DeepSeek-V3.2",
                                        "--revision=abc", "--local-dir", "/models"}));
  EXPECT_EQ(named(hub.at("env"), "HF_HOME").at("value"), "/cache");
  world.passport.artifacts[0].uri = "oci://registry.example/x;rm$(HOME)`id`@sha256:aa";
  const json odd = named(podWith(world, "fp8").at("initContainers"), "fetch-weights");
  EXPECT_EQ(odd.at("command")[2], "registry.example/x;rm$$(HOME)`id`@sha256:aa");
}

TEST(Weights, AreCachedWithATenthOfRoomOnTheRegionsStorageClassOrElseInAnEmptyDir) {
  World world;
  EXPECT_EQ(named(podWith(world, "fp8").at("volumes"), "weights").at("emptyDir"),
            (json{{"sizeLimit", "759Gi"}}));
  world.region.weightsStorageClass = "fast";
  const json claim =
      at(named(podWith(world, "fp8").at("volumes"), "weights"), "/ephemeral/volumeClaimTemplate");
  EXPECT_EQ(at(claim, "/spec/storageClassName"), "fast");
  EXPECT_EQ(at(claim, "/spec/resources/requests/storage"), "759Gi");
  EXPECT_EQ(at(claim, "/metadata/labels")["bailiwick.dev/variant"], "h200");
}

TEST(Weights, RoundTheirCacheUp) {
  World world;
  struct Row {
    const char* sizeGiB;
    const char* limit;
  };
  for (const Row& row :
       {Row{"1", "2Gi"}, Row{"10", "11Gi"}, Row{"0.5", "1Gi"}, Row{"100.001", "111Gi"}}) {
    world.passport.artifacts[0].sizeGiB = row.sizeGiB;
    EXPECT_EQ(at(named(podWith(world, "fp8").at("volumes"), "weights"), "/emptyDir/sizeLimit"),
              row.limit)
        << row.sizeGiB;
  }
  world.passport.artifacts[0].sizeGiB = "";
  EXPECT_EQ(named(podWith(world, "fp8").at("volumes"), "weights").at("emptyDir"), json::object());
}

TEST(Weights, AreVerifiedBeforeTheSidecarAndTheEngineWhereTheirDigestIsKnown) {
  World world;
  for (api::Artifact& artifact : world.passport.artifacts) artifact.digest = "sha256:ab";
  for (const char* artifact : {"fp8", "image", "claim", "hub"}) {
    SCOPED_TRACE(artifact);
    const json spec = podWith(world, artifact);
    Strings order;
    for (const json& container : spec.at("initContainers"))
      order.push_back(container.at("name").get<std::string>());
    const bool fetched = order.front() == "fetch-weights";
    EXPECT_EQ(order, fetched ? (Strings{"fetch-weights", "verify-weights", "engine-sidecar"})
                             : (Strings{"verify-weights", "engine-sidecar"}));
    const json verify = named(spec.at("initContainers"), "verify-weights");
    EXPECT_EQ(verify.at("args"),
              (Strings{"--verify-weights", "/models", "--manifest-digest", "sha256:ab"}));
    EXPECT_EQ(verify.at("image"), world.environment.sidecarImage);
    EXPECT_EQ(verify.at("volumeMounts"), json::array({modelMount(spec)}))
        << "what the engine gets, and nothing else";
    EXPECT_EQ(verify.at("terminationMessagePolicy"), "FallbackToLogsOnError");
  }
}

TEST(Weights, AreNotVerifiedWithoutADigest) {
  World world;
  world.passport.artifacts[0].signature.emplace();
  EXPECT_TRUE(named(podWith(world, "fp8").at("initContainers"), "verify-weights").is_null());
}

TEST(Weights, AreVerifiedWithTheirPublishersKey) {
  World world;
  api::Artifact& artifact = world.passport.artifacts[0];
  artifact.digest = "sha256:ab";
  artifact.signature = {"OMS", "-----BEGIN PUBLIC KEY-----\n$(X)\n", ""};
  const auto args = [&] {
    return named(podWith(world, "fp8").at("initContainers"), "verify-weights")
        .at("args")
        .get<Strings>();
  };
  EXPECT_EQ(args().size(), 5U);
  EXPECT_EQ(args().back(), "--public-key=-----BEGIN PUBLIC KEY-----\n$$(X)\n");
  artifact.signature->uri = "sub/publisher.sig";
  EXPECT_EQ(args().back(), "--signature=/models/sub/publisher.sig");
}

TEST(Weights, HaveTheirSignatureBesideThem) {
  World world;
  api::Artifact& artifact = world.passport.artifacts[0];
  artifact.digest = "sha256:ab";
  const auto refusal = [&](const char* uri) {
    artifact.signature = {"OMS", "key", uri};
    return weightsRefusal(h200().obj(), world.passport, world.environment);
  };
  for (const char* beside : {"", "model.sig", "sub/model.sig"}) EXPECT_FALSE(refusal(beside));
  for (const char* away :
       {"https://x.example/model.sig", "oci://x/y", "/etc/passwd", "../x", "a/../b"}) {
    ASSERT_TRUE(refusal(away)) << away;
    EXPECT_EQ(refusal(away)->reason, "InvalidSpec");
  }
  EXPECT_EQ(refusal("../x")->message,
            "signature.uri of artifact fp8 of passport deepseek-v3-2 is ../x; write the name of a "
            "file beside the weights, such as model.sig");
}

TEST(Weights, NeedASizeWhereACacheVolumeIsClaimed) {
  World world;
  world.region.weightsStorageClass = "fast";
  world.passport.artifacts[0].sizeGiB = "";
  const auto refusal = weightsRefusal(h200().obj(), world.passport, world.environment);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, "InvalidSpec");
}

TEST(Source, IsReadAsItsTypeSays) {
  struct Row {
    SourceType type;
    const char* uri;
    const char* repository;
    const char* revision;
  };
  const Row rows[] = {
      {SourceType::OCI, "oci://reg:5000/a/b", "reg:5000/a/b", "latest"},
      {SourceType::OCI, "oci://reg:5000/a/b:v1", "reg:5000/a/b", "v1"},
      {SourceType::OCI, "oci://reg/a@sha256:ff", "reg/a", "sha256:ff"},
      {SourceType::HTTP, "https://host/a@b.tar", "host/a@b.tar", ""},
      {SourceType::HuggingFace, "org/model", "org/model", "main"},
      {SourceType::HuggingFace, "hf://org/model@0123", "org/model", "0123"},
      {SourceType::HuggingFace, "https://huggingface.co/org/model", "org/model", "main"},
      {SourceType::ModelScope, "modelscope://org/model", "org/model", "master"},
      {SourceType::PVC, "pvc://claim", "claim", ""},
      {SourceType::Image, "image://reg/a:v1", "reg/a:v1", ""},
  };
  for (const Row& row : rows) {
    api::Artifact artifact;
    artifact.sourceType = row.type;
    artifact.uri = row.uri;
    const auto source = parseSource(artifact);
    ASSERT_TRUE(source) << row.uri;
    EXPECT_EQ(source->repository, row.repository) << row.uri;
    EXPECT_EQ(source->revision, row.revision) << row.uri;
  }
}

TEST(Source, IsRefusedWhereItCouldMeanSomethingElse) {
  struct Row {
    SourceType type;
    const char* uri;
  };
  const Row rows[] = {
      {SourceType::OCI, "https://reg/a"},
      {SourceType::OCI, "oci://"},
      {SourceType::OCI, "oci://-x/a"},
      {SourceType::OCI, "oci://reg/a@-x"},
      {SourceType::OCI, "oci://reg/a@"},
      {SourceType::HTTP, "file:///etc/passwd"},
      {SourceType::HuggingFace, "hf://--x/y"},
      {SourceType::HuggingFace, "model"},
      {SourceType::HuggingFace, "a/b/c"},
      {SourceType::HuggingFace, "org/model@--x"},
      {SourceType::PVC, "claim"},
      {SourceType::PVC, "pvc://"},
      {SourceType::PVC, "pvc://claim/../x"},
      {SourceType::PVC, "pvc:///x"},
      {SourceType::PVC, "pvc://claim//etc"},
      {SourceType::Image, "docker://reg/a"},
  };
  for (const Row& row : rows) {
    api::Artifact artifact;
    artifact.sourceType = row.type;
    artifact.uri = row.uri;
    EXPECT_FALSE(parseSource(artifact)) << row.uri;
  }
}

}  // namespace
}  // namespace bailiwick::render
