#pragma once
// A small catalogue with one of each kind of difficulty, one region, one passport, and everything
// rendered from them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/loader.hpp"
#include "render/render.hpp"
#include "support/builders.hpp"

namespace bailiwick::render {

using namespace bailiwick::testing;
using nlohmann::json;

inline json at(const json& object, const std::string& pointer) {
  const json::json_pointer path(pointer);
  return object.contains(path) ? object.at(path) : json();
}

// The member of a list of named objects, or null.
inline json named(const json& list, const std::string& name) {
  for (const json& element : list)
    if (element.value("name", "") == name) return element;
  return {};
}

inline const Object& find(const std::vector<Object>& objects, const std::string& kind,
                          const std::string& name) {
  for (const Object& object : objects)
    if (object.kind == kind && object.key.name == name) return object;
  throw std::runtime_error("no " + kind + " " + name);
}

struct World {
  catalog::Catalog catalog;
  api::Region region = makeRegion("fra", "aws", "eu-central-1", "DE").obj();
  api::ModelPassport passport =
      makePassport("deepseek-v3-2")
          .model("DeepSeek-V3.2")
          .artifact("fp8", api::SourceType::OCI, "oci://registry.example/models/v3@sha256:aa")
          .artifact("image", api::SourceType::Image, "image://registry.example/models/v3@sha256:aa")
          .artifact("claim", api::SourceType::PVC, "pvc://weights/deepseek/v3")
          .artifact("hub", api::SourceType::HuggingFace, "hf://deepseek-ai/DeepSeek-V3.2@abc")
          .obj();
  Environment environment;

  World();
  explicit World(catalog::Catalog of);
  World(const World&) = delete;

  VariantShare share(const api::ModelDeployment& deployment, std::size_t variant = 0,
                     int replicas = 1) const {
    const api::Variant& wanted = deployment.spec.variants.at(variant);
    auto requirement = plan::require(wanted, deployment.spec.placement, region, catalog);
    if (!requirement) throw std::runtime_error(requirement.error().message);
    return {&wanted, &passport, *requirement, replicas};
  }
  std::vector<Object> variantOf(const api::ModelDeployment& deployment, std::size_t i = 0) const {
    return variantObjects(deployment, share(deployment, i), environment);
  }
  // The Deployment or LeaderWorkerSet.
  json workloadOf(const api::ModelDeployment& deployment, std::size_t variant = 0) const {
    return variantOf(deployment, variant).back().body;
  }
  json podOf(const api::ModelDeployment& deployment, std::size_t variant = 0) const {
    return workloadOf(deployment, variant).at("spec").at("template");
  }
  json engineOf(const api::ModelDeployment& deployment, std::size_t variant = 0) const {
    return podOf(deployment, variant).at("/spec/containers/0"_json_pointer);
  }
  std::vector<Object> sharedOf(const api::ModelDeployment& deployment,
                               const RouteState& current = {}) const {
    std::set<std::string> serving;
    for (const auto& variant : deployment.spec.variants) serving.insert(variant.name);
    return sharedObjects(deployment, {serving}, environment, current);
  }
};

inline VariantBuilder h200(std::string name = "h200") {
  return makeVariant(std::move(name)).on("nvidia", {"NVIDIA-H200"}, 8);
}

inline DeploymentBuilder assistant() {
  return makeDeployment("assistant", "team");
}

inline catalog::Vendor vendorOf(std::string id, std::string resource, std::string product) {
  catalog::ResourceFamily family;
  family.id = "plugin";
  family.resource = std::move(resource);
  family.labellers = {{id + "/product", false, "", catalog::MemoryUnit::MiB}};
  family.tolerations = {family.resource};
  catalog::Vendor vendor;
  vendor.name = id;
  vendor.id = std::move(id);
  vendor.families = {family};
  vendor.products = {{std::move(product), {}, {}, {"plugin"}, std::nullopt, ""}};
  return vendor;
}

inline World::World(catalog::Catalog of) : catalog(std::move(of)) {
  environment.region = &region;
  environment.catalog = &catalog;
  environment.sidecarImage = "bailiwick/engine-sidecar:0.1.0";
}

inline World::World() : World(catalog::Catalog{}) {
  auto& nvidia = catalog.vendors["nvidia"] = vendorOf("nvidia", "nvidia.com/gpu", "NVIDIA-H200");
  nvidia.families[0].pod.runtimeClass = "nvidia";
  nvidia.families[0].pod.sharedMemory = true;
  auto& ascend = catalog.vendors["ascend"] = vendorOf("ascend", "huawei.com/npu", "Ascend950PR");
  ascend.families[0].pod.env = {{"TASK_QUEUE_ENABLE", "1"}};
  ascend.families[0].pod.annotations = {{"huawei.com/schedule_policy", "chip2-node16"}};
  ascend.families[0].pod.labels = {{"ring-controller.atlas", "ascend-npu"}};
  ascend.families[0].pod.hostPaths = {{"/usr/local/Ascend/driver", true, "Directory"}};
  auto& amd = catalog.vendors["amd"] = vendorOf("amd", "amd.com/gpu", "AMD_Instinct_MI300X_OAM");
  amd.families[0].pod.capabilities = {"SYS_PTRACE"};
  amd.families[0].pod.hostIPC = true;
  amd.families[0].pod.unconfinedSeccomp = true;
  auto& xpu = catalog.vendors["kunlunxin"] = vendorOf("kunlunxin", "kunlunxin.com/xpu", "P800");
  xpu.families[0].pod.privileged = true;
  catalog.vendors["cpu"] = vendorOf("cpu", "cpu", "any");

  catalog::Engine vllm;
  vllm.name = "vllm";
  vllm.images = {{"nvidia", {}, "vllm/vllm-openai:v0.23.0", {}, {{"VLLM_X", "image"}}},
                 {"ascend", {}, "vllm-ascend:v0.23.0", {"--quantization", "ascend"}, {}},
                 {"amd", {}, "vllm-rocm:v0.23.0", {}, {}},
                 {"kunlunxin", {}, "vllm-xpu:v0.23.0", {}, {}},
                 {"cpu", {}, "vllm-cpu:v0.23.0", {}, {}}};
  vllm.command = {"vllm", "serve", "{model}"};
  vllm.args = {"--host",        "{host}",
               "--port={port}", "--served-model-name",
               "{servedName}",  "--tensor-parallel-size",
               "{devices}"};
  vllm.env = {{"HF_HUB_OFFLINE", "1"}, {"VLLM_X", "engine"}};
  vllm.health.path = "/health";
  vllm.proxiedPaths = {"/tokenize"};
  vllm.reservedArgs = {"--model", "--host", "--port", "--served-model-name", "-tp", "-m"};
  vllm.reservedEnv = {"HF_*", "VLLM_PORT"};
  vllm.writablePaths = {"/var/cache/vllm"};
  vllm.multiNode = true;
  vllm.multiNodeArgs = {"--nnodes", "{nodes}", "--node-rank={nodeRank}", "--master-addr",
                        "{leaderAddress}"};
  vllm.multiNodeWorkerArgs = {"--headless"};
  catalog::Engine mindie = vllm;
  mindie.name = "mindie";
  mindie.runAsUser = 0;
  mindie.readOnlyRootFilesystem = false;
  mindie.multiNode = false;
  mindie.port = 1025;
  catalog.engines = {{"vllm", vllm}, {"mindie", mindie}};

  catalog.fetchers["OCI"] = {
      "OCI", "oras:v1", {"oras", "pull", "{reference}", "-o", "{directory}"}, {}, {}};
  catalog.fetchers["HuggingFace"] = {
      "HuggingFace",
      "hf:v1",
      {"hf", "download", "{repository}", "--revision={revision}", "--local-dir", "{directory}"},
      {{"HF_HOME", "/cache"}},
      {"/cache"}};
  catalog::Provider aws{"aws", "AWS", {{"eu-central-1", "DE", {}}, {"us-east-1", "US", {}}}};
  catalog.providers["aws"] = aws;
  catalog.blocs["EU"] = {"EU", {"DE", "FR", "SE"}, "2026"};
  catalog.countries = {"DE", "FR", "SE", "CH", "US", "NO"};
}

}  // namespace bailiwick::render
