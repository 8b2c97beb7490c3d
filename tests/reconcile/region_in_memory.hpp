#pragma once
// One region in memory: an API server, caches, a planner and the controller of deployments; turned
// by hand. No Kubernetes controller runs: a test makes the pods that it needs.

#include <atomic>
#include <set>
#include <thread>

#include "plan/fixture.hpp"
#include "reconcile/deployment_controller.hpp"
#include "reconcile/memory_api.hpp"

namespace bailiwick::testing {

inline const std::string deploymentsPath = "/apis/apps/v1/namespaces/team/deployments/";
inline const std::string mdepsPath = "/apis/bailiwick.dev/v1alpha1/namespaces/team/modeldeployments/";
inline const std::string regionPath = "/apis/bailiwick.dev/v1alpha1/regions/fra";
inline const std::string podsPath = "/api/v1/namespaces/team/pods/";

inline nlohmann::json variantJson(const std::string& name, const std::string& vendor,
                                  const std::string& product) {
  return {{"name", name}, {"passport", "open"}, {"artifact", "claim"}, {"engine", {{"name", "vllm"}}},
          {"accelerator", {{"vendor", vendor}, {"products", {product}}, {"perReplica", 8}}}};
}

class RegionInMemory {
 public:
  MemoryApi api;
  MemoryApi eventsApi;  // apart, since events are written whenever their thread comes to it
  std::atomic<api::Time::rep> clock{testTime.time_since_epoch().count()};
  policy::Settings settings;
  reconcile::Caches caches{testCatalog()};
  std::unique_ptr<reconcile::EventRecorder> events;
  std::unique_ptr<reconcile::Planner> planner;
  reconcile::ExitGate gate;
  std::unique_ptr<reconcile::DeploymentController> controller;
  std::map<std::string, kube::Outcome> outcomes;  // the last of each deployment

  RegionInMemory() {
    api.put(regionPath, {{"spec",
                          {{"provider", "aws"}, {"location", "eu-central-1"}, {"jurisdiction", "DE"},
                           {"residencyClasses", {"eu-personal"}}}}});
    api.put("/apis/bailiwick.dev/v1alpha1/modelpassports/open",
            {{"spec",
              {{"publisher", {{"name", "P"}, {"country", "DE"}}},
               {"model", {{"family", "f"}, {"name", "M"}, {"version", "1"}}},
               {"originCountry", "DE"}, {"openness", "OpenWeight"}, {"licence", {{"id", "MIT"}}},
               {"artifacts",
                {{{"name", "claim"}, {"precision", "fp8"},
                  {"source", {{"type", "PVC"}, {"uri", "pvc://weights/m"}}}}}}}}});
  }
  ~RegionInMemory() {
    if (planner) planner->stop();
    caches.stop();
  }

  api::Time now() const { return api::Time{api::Time::duration{clock.load()}}; }
  void pass(api::Time::duration time) { clock += time.count(); }

  void node(const std::string& name, const std::string& vendorPrefix, const std::string& label,
            const std::string& product) {
    api.put("/api/v1/nodes/" + name,
            {{"metadata",
              {{"labels",
                {{"topology.kubernetes.io/region", "eu-central-1"},
                 {"data-residency.bailiwick.dev/eu-personal", "true"}, {label, product}}}}},
             {"status", {{"allocatable", {{vendorPrefix + "/gpu", "8"}}},
                         {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}});
  }
  void h200(const std::string& name) {
    node(name, "nvidia.com", "nvidia.com/gpu.product", "NVIDIA-H200");
  }
  void mi300x(const std::string& name) {
    node(name, "amd.com", "amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM");
  }
  void deployment(const std::string& name, nlohmann::json variants) {
    auto object = api.get(mdepsPath + name);
    object["metadata"]["namespace"] = "team";
    object["spec"] = {{"servedName", name}, {"replicas", 1},
                      {"placement", {{"jurisdictions", {"EU"}}, {"dataResidency", {"eu-personal"}}}},
                      {"variants", std::move(variants)}};
    api.put(mdepsPath + name, object);
  }
  void h200Deployment(const std::string& name = "assistant") {
    deployment(name, {variantJson("h200", "nvidia", "NVIDIA-H200")});
  }
  // A Ready replica.
  void pod(const std::string& name, const std::string& variant, const std::string& node,
           const std::string& resource = "nvidia.com/gpu") {
    api.put(podsPath + name,
            {{"metadata",
              {{"namespace", "team"},
               {"labels",
                {{"bailiwick.dev/deployment", "assistant"}, {"bailiwick.dev/variant", variant},
                 {"bailiwick.dev/role", "engine"}, {"app.kubernetes.io/managed-by", "bailiwick"},
                 {"pod-template-hash", "t1"}}}}},
             {"spec", {{"nodeName", node},
                       {"containers", {{{"name", "engine"},
                                        {"resources", {{"requests", {{resource, "8"}}}}}}}}}},
             {"status", {{"phase", "Running"},
                         {"conditions", {{{"type", "Ready"}, {"status", "True"},
                                          {"lastTransitionTime", "2026-11-22T09:00:00Z"}}}}}}});
  }

  void start() {
    caches.start(api);
    ASSERT_TRUE(caches.waitSettled(std::chrono::seconds(20), {}));
    reconcile::Planner::Config config;
    config.caches = &caches;
    config.catalog = &testCatalog();
    config.settings = settings;
    config.region = "fra";
    config.exits = &gate;
    config.now = [this] { return now(); };
    config.changed = [](const api::Key&) {};
    config.quiet = std::chrono::milliseconds(1);
    planner = std::make_unique<reconcile::Planner>(std::move(config));
    events = std::make_unique<reconcile::EventRecorder>(eventsApi, "test", [this] { return now(); });
    controller = std::make_unique<reconcile::DeploymentController>(
        reconcile::DeploymentController::Config{&api, &caches, &testCatalog(), planner.get(),
                                                events.get(), "sidecar:1",
                                                [this] { return now(); }});
    planner->start();
  }

  // Plans on what the caches show now.
  void plan() {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the watches run on threads
    const auto asked = std::chrono::steady_clock::now();
    planner->poke();
    while (!planner->current() || planner->current()->gathered < asked) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  // Plans, and reconciles every deployment once.
  void turn() {
    plan();
    for (const auto& object : caches.deployments.store().snapshot()) {
      const auto& key = object->meta.key;
      outcomes.insert_or_assign(key.name, controller->reconcile(key, {}));
    }
  }
  void turns(int count = 8) {
    for (int i = 0; i < count; ++i) turn();
  }

  nlohmann::json condition(const std::string& type, const std::string& name = "assistant") const {
    const auto object = api.get(mdepsPath + name);
    for (const auto& condition : object.at("status").at("conditions")) {
      if (condition.at("type") == type) return condition;
    }
    return {};
  }
  bool serves(const std::string& name, const std::string& variant = "h200") const {
    return !api.get(deploymentsPath + name + "-" + variant).is_null();
  }
  template <class Kind>
  bool ended(const std::string& name = "assistant") const {
    return std::holds_alternative<Kind>(outcomes.at(name));
  }
};

}  // namespace bailiwick::testing
