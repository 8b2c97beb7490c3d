#include "plan/fixture.hpp"

#include <algorithm>
#include <stdexcept>

#include "api/labels.hpp"

namespace bailiwick::testing {
namespace {

using catalog::Labeller;
using catalog::MemoryUnit;
using catalog::Product;
using catalog::ResourceFamily;
using catalog::Vendor;

Product product(std::string name, std::vector<std::string> aliases,
                std::vector<std::string> deviceIds, std::vector<std::string> families) {
  return {std::move(name), std::move(aliases), std::move(deviceIds), std::move(families), {}, ""};
}

Vendor nvidia() {
  Vendor v{"nvidia", "NVIDIA", true, "", {}, {}, {}};
  ResourceFamily gpu;
  gpu.id = "gpu";
  gpu.resource = "nvidia.com/gpu";
  gpu.tolerations = {"nvidia.com/gpu"};
  gpu.excludedLabels = {{"gpu", {"on"}}};
  gpu.labellers = {{"nvidia.com/gpu.product", false, "nvidia.com/gpu.memory", MemoryUnit::MiB}};
  v.families = {gpu};
  for (const char* name : {"NVIDIA-H200", "NVIDIA-H20", "NVIDIA-H100-80GB-HBM3"}) {
    v.products.push_back(product(name, {}, {}, {"gpu"}));
  }
  return v;
}

Vendor amd() {
  Vendor v{"amd", "AMD", true, "", {}, {}, {"192G", "256G", "64G"}};
  ResourceFamily gpu;
  gpu.id = "gpu";
  gpu.resource = "amd.com/gpu";
  gpu.tolerations = {"amd.com/gpu"};
  for (const std::string prefix : {"amd.com/gpu", "beta.amd.com/gpu"}) {
    gpu.labellers.push_back({prefix + ".product-name", false, prefix + ".vram", MemoryUnit::GiB_G});
    gpu.labellers.push_back({prefix + ".device-id", true, prefix + ".vram", MemoryUnit::GiB_G});
  }
  gpu.labellers.push_back(
      {"beta.amd.com/gpu.product-name", false, "beta.amd.com/gpu.vram", MemoryUnit::GiB_G, true});
  v.families = {gpu};
  v.products = {
      product("AMD_Instinct_MI300X_OAM", {"AMD_Instinct_MI300X"}, {"74a1", "74a9"}, {"gpu"}),
      product("AMD_Instinct_MI325X", {"AMD_Instinct_MI325_OAM"}, {"74a5"}, {"gpu"})};
  return v;
}

// Three ways to name an Ascend: the vendor's plugin (even counts on A3), Huawei Cloud's, and A5's.
Vendor ascend() {
  Vendor v{"huawei-ascend", "Huawei Ascend", true, "", {}, {}, {"32G", "64G", "128G"}};
  ResourceFamily cce;
  cce.id = "cce";
  cce.resource = "huawei.com/ascend-1980";
  cce.providers = {"huaweicloud"};
  ResourceFamily a2;
  a2.id = "a2";
  a2.resource = "huawei.com/Ascend910";
  a2.requiredLabels = {{"accelerator", {"huawei-Ascend910"}}};
  a2.labellers = {{"node.kubernetes.io/npu.chip.name", false, "mind-cluster/npu-chip-memory",
                   MemoryUnit::GiB_G}};
  a2.tolerations = {"huawei.com/Ascend910"};
  ResourceFamily a3 = a2;
  a3.id = "a3";
  a3.multipleOf = 2;
  a3.allowedCounts = {2, 4, 8, 16};
  ResourceFamily a5 = a2;
  a5.id = "a5";
  a5.resource = "huawei.com/npu";
  a5.requiredLabels = {{"accelerator", {"huawei-npu"}}};
  v.families = {cce, a2, a3, a5};
  v.products = {product("910B3", {}, {}, {"a2", "cce"}), product("910B4", {}, {}, {"a2"}),
                product("Ascend910_9391", {}, {}, {"a3"}),
                product("Ascend950PR", {}, {}, {"a5"})};
  return v;
}

Vendor cpu() {
  Vendor v{"cpu", "CPU", true, "", {}, {}, {}};
  ResourceFamily cores;
  cores.id = "cpu";
  cores.resource = "cpu";
  v.families = {cores};
  return v;
}

catalog::Provider provider(std::string id, std::vector<catalog::Location> locations) {
  return {id, id, std::move(locations)};
}

catalog::Catalog makeCatalog() {
  catalog::Catalog c;
  for (auto vendor : {nvidia(), amd(), ascend(), cpu()}) c.vendors[vendor.id] = vendor;
  c.vendors["horizon"] = {"horizon", "Horizon Robotics", false, "chips for cars", {}, {}, {}};
  catalog::Engine vllm;
  vllm.name = "vllm";
  vllm.multiNode = true;
  vllm.reservedArgs = {"--model", "--host", "--port"};
  vllm.reservedEnv = {"HF_*", "VLLM_API_KEY"};
  for (const char* vendor : {"nvidia", "amd", "huawei-ascend"}) {
    vllm.images.push_back({vendor, {}, std::string("vllm-") + vendor + ":1", {}, {}});
  }
  catalog::Engine llama;
  llama.name = "llama-cpp";
  llama.images = {{"cpu", {}, "llama:1", {}, {}}};
  catalog::Engine sglang;  // which image depends on the product
  sglang.name = "sglang";
  sglang.acceptsArgs = false;
  sglang.images = {{"amd", {"AMD_Instinct_MI300X_OAM"}, "mi30x:1", {}, {}},
                   {"amd", {"AMD_Instinct_MI325X"}, "mi32x:1", {}, {}},
                   {"huawei-ascend", {"910B3"}, "a2:1", {}, {}},
                   {"huawei-ascend", {"Ascend950PR"}, "", {}, {}}};
  c.engines = {{"vllm", vllm}, {"llama-cpp", llama}, {"sglang", sglang}};
  c.providers["aws"] = provider("aws", {{"eu-central-1", "DE", {}},
                                        {"eu-central-9", "DE", {"muc"}},
                                        {"eu-west-3", "FR", {}},
                                        {"us-east-1", "US", {"iad"}}});
  c.providers["aws-cn"] = provider("aws-cn", {{"cn-north-1", "CN", {}}});
  c.providers["aws-cn"].partOf = "aws";
  c.providers["ionos"] = provider("ionos", {{"de/fra", "DE", {"de-fra"}}});
  c.providers["tencent"] = provider("tencent", {{"ap-guangzhou", "CN", {"gz"}}});
  c.providers["huaweicloud"] = provider("huaweicloud", {{"cn-southwest-2", "CN", {}}});
  c.providers["on-premises"] = provider("on-premises", {});
  c.countries = {"DE", "FR", "US", "CN", "CH", "SE"};
  c.blocs = {{"EU", {"EU", {"DE", "FR", "SE"}, ""}}, {"EEA", {"EEA", {"DE", "FR", "SE"}, ""}}};
  return c;
}

template <class Objects>
auto& named(Objects& objects, const std::string& name) {
  const auto found = std::find_if(objects.begin(), objects.end(),
                                  [&](const auto& o) { return o.meta.key.name == name; });
  if (found == objects.end()) throw std::out_of_range(name);
  return *found;
}

}  // namespace

const catalog::Catalog& testCatalog() {
  static const catalog::Catalog catalog = makeCatalog();
  return catalog;
}

api::Region fra() {
  return makeRegion("fra", "aws", "eu-central-1", "DE").classes({"eu-personal"}).obj();
}

NodeBuilder h200Node(const std::string& name) {
  return makeNode(name)
      .region("eu-central-1")
      .residency("eu-personal")
      .label("nvidia.com/gpu.product", "NVIDIA-H200")
      .label("nvidia.com/gpu.memory", "143771")
      .allocatable("nvidia.com/gpu", "8");
}

NodeBuilder mi300xNode(const std::string& name) {
  return makeNode(name)
      .region("eu-central-1")
      .residency("eu-personal")
      .label("amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM")
      .label("amd.com/gpu.vram", "192G")
      .allocatable("amd.com/gpu", "8");
}

VariantBuilder h200(const std::string& name) {
  return makeVariant(name).passport("open", "fp8").on("nvidia", {"NVIDIA-H200"}, 8);
}

VariantBuilder mi300x(const std::string& name) {
  return makeVariant(name).passport("open", "fp8").on("amd", {"AMD_Instinct_MI300X_OAM"}, 8);
}

DeploymentBuilder assistant(const std::string& name) {
  return makeDeployment(name, "team").residency({"eu-personal"}).created(testTime - 24h);
}

Cluster::Cluster() {
  passports.push_back(
      makePassport("open").artifact("fp8", api::SourceType::OCI, "oci://r.example/m").obj());
}

Cluster& Cluster::add(const NodeBuilder& node) {
  nodes.push_back(node.obj());
  return *this;
}

Cluster& Cluster::add(const api::ModelDeployment& deployment) {
  deployments.push_back(deployment);
  return *this;
}

Cluster& Cluster::add(const PodBuilder& pod) {
  pods.push_back(pod.obj());
  return *this;
}

Cluster& Cluster::add(const PolicyBuilder& policy) {
  policies.push_back(policy.obj());
  return *this;
}

api::Pod& Cluster::engine(const std::string& deployment, const std::string& variant) {
  pods.push_back(makePod(deployment + "-" + variant + "-" + std::to_string(++serial_), "team")
                     .label(api::names::deploymentLabel, deployment)
                     .label(api::names::variantLabel, variant)
                     .label(api::names::roleLabel, "engine")
                     .obj());
  auto& pod = pods.back();
  pod.templateHash = "t1";
  return pod;
}

api::Pod& Cluster::run(const std::string& variant, const std::string& nodeName,
                       const std::string& deployment) {
  auto& pod = engine(deployment, variant);
  pod.node = nodeName;
  pod.ready = true;
  pod.meta.created = pod.readyChanged = now - 1h;
  for (const auto& [resource, quantity] : node(nodeName).allocatable) {
    pod.requests.emplace_back(resource, 8000);
  }
  return pod;
}

api::Pod& Cluster::wait(const std::string& variant, const std::string& deployment) {
  auto& pod = engine(deployment, variant);
  pod.meta.created = pod.readyChanged = now - 1min;
  return pod;
}

api::Pod& Cluster::runGroup(const std::string& variant, int index,
                            const std::vector<std::string>& on) {
  api::Pod* leader = nullptr;
  for (std::size_t worker = 0; worker < on.size(); ++worker) {
    auto& pod = run(variant, on[worker]);
    pod.templateHash.clear();
    pod.meta.labels.set("leaderworkerset.sigs.k8s.io/group-index", std::to_string(index));
    pod.meta.labels.set("leaderworkerset.sigs.k8s.io/worker-index", std::to_string(worker));
    if (worker == 0) leader = &pod;
  }
  return *leader;
}

api::Workload& Cluster::workload(const std::string& variant, int replicas,
                                 const std::string& deployment) {
  auto& workload = workloads[{{"team", deployment}, variant}];
  workload.meta = metaOf("Deployment", {"team", deployment + "-" + variant});
  workload.observedGeneration = 1;
  workload.replicas = workload.statusReplicas = workload.updatedReplicas = replicas;
  workload.readyReplicas = replicas;
  return workload;
}

api::Node& Cluster::node(const std::string& name) { return named(nodes, name); }
api::ModelDeployment& Cluster::deployment(const std::string& name) {
  return named(deployments, name);
}

api::ExitOrder& Cluster::order(const std::string& name) {
  api::ExitOrder made;
  made.meta.key.name = name;
  made.meta.uid = "uid-" + name;
  made.meta.generation = 1;
  made.spec.target.vendors = {"nvidia"};
  made.spec.reason = "the contract ends";
  made.spec.deadline = testTime + 720h;
  orders.push_back(std::move(made));
  return orders.back();
}

plan::World Cluster::world() const {
  plan::World world;
  world.catalog = &testCatalog();
  world.region = &region;
  world.settings = &settings;
  world.leaderWorkerSets = leaderWorkerSets;
  world.now = now;
  for (const auto& node : nodes) world.nodes.push_back(&node);
  for (const auto& pod : pods) world.pods.push_back(&pod);
  for (const auto& deployment : deployments) world.deployments.push_back(&deployment);
  for (const auto& passport : passports) world.passports[passport.meta.key.name] = &passport;
  for (const auto& policy : policies) world.policies.push_back(&policy);
  world.regions[region.meta.key.name] = &region;
  world.exitReadiness = exitReadiness;
  for (const auto& [key, workload] : workloads) world.workloads[key] = &workload;
  world.withdrawn = withdrawn;
  world.applyRefusals = applyRefusals;
  world.podMemory = podMemory;
  for (const auto& made : orders) {
    if (made.spec.drill) continue;
    const auto known = exits.find(made.meta.key.name);
    auto force = known == exits.end() ? plan::ExitInForce{} : known->second;
    force.order = &made;
    world.exits.push_back(force);
  }
  return world;
}

plan::Step Cluster::step(const plan::Plan& plan, const std::string& name) const {
  std::map<std::string, const api::Workload*> own;
  for (const auto& [key, workload] : workloads) {
    if (key.first == api::Key{"team", name}) own[key.second] = &workload;
  }
  return plan::nextStep(of(plan, name), own, now);
}

void markFor(api::Pod& pod) { pod.meta.annotations.set(api::names::deletionCost, "-1"); }

const plan::DeploymentPlan& of(const plan::Plan& plan, const std::string& name) {
  return plan.deployments.at({"team", name});
}

int shareOf(const plan::Plan& plan, const std::string& variant, const std::string& deployment) {
  return of(plan, deployment).variant(variant)->share;
}

std::string refusalOf(const plan::Plan& plan, const std::string& variant,
                      const std::string& deployment) {
  const auto& refusal = of(plan, deployment).variant(variant)->refusal;
  return refusal ? refusal->reason + ": " + refusal->message : "";
}

}  // namespace bailiwick::testing
