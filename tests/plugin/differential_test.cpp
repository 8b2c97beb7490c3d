// What `plan` says is what the operator then does: generated worlds, the manifests planned from files
// on one side and applied to an API server that an operator's caches and planner watch on the other.

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "catalog/loader.hpp"
#include "plugin/run.hpp"
#include "reconcile/memory_api.hpp"
#include "reconcile/planner.hpp"
#include "render/render.hpp"

namespace bailiwick::testing {
namespace {

using nlohmann::json;

constexpr char group[] = "/apis/bailiwick.dev/v1alpha1/";

const catalog::Catalog& shipped() {
  static const auto catalog = catalog::builtin().value();
  return catalog;
}

struct Scenario {
  std::vector<json> cluster;    // what is there
  std::vector<json> manifests;  // what is applied
};

json nodeOf(int number) {
  struct Kind {
    const char *resource, *key, *product;
  };
  static constexpr Kind kinds[] = {{"nvidia.com/gpu", "nvidia.com/gpu.product", "NVIDIA-H200"},
                                   {"nvidia.com/gpu", "nvidia.com/gpu.product", "NVIDIA-A100-SXM4-80GB"},
                                   {"amd.com/gpu", "amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM"}};
  const auto& kind = *rc::gen::elementOf(std::vector<Kind>(std::begin(kinds), std::end(kinds)));
  json labels = {{kind.key, kind.product}};
  labels["topology.kubernetes.io/region"] =
      *rc::gen::element(std::string("eu-central-1"), std::string("eu-central-1"), std::string("us-east-1"));
  if (*rc::gen::inRange(0, 3) > 0) labels["data-residency.bailiwick.dev/eu-personal"] = "true";
  return {{"apiVersion", "v1"},
          {"kind", "Node"},
          {"metadata", {{"name", "n" + std::to_string(number)}, {"labels", labels}}},
          {"spec", {{"unschedulable", *rc::gen::inRange(0, 6) == 0}}},
          {"status",
           {{"allocatable", {{kind.resource, "8"}}},
            {"conditions", {{{"type", "Ready"}, {"status", *rc::gen::inRange(0, 6) == 0 ? "False" : "True"}}}}}}};
}

json variantOf(int number) {
  json accelerator = {{"vendor", *rc::gen::element(std::string("nvidia"), std::string("amd"))},
                      {"perReplica", *rc::gen::element(1, 4, 8, 16)}};
  if (accelerator["vendor"] == "nvidia" && *rc::gen::arbitrary<bool>()) {
    accelerator["products"] = {*rc::gen::element(std::string("NVIDIA-H200"), std::string("NVIDIA-L4"))};
  }
  return {{"name", "v" + std::to_string(number)},
          {"passport", *rc::gen::element(std::string("open"), std::string("open"), std::string("missing"))},
          {"artifact", *rc::gen::element(std::string("claim"), std::string("claim"), std::string("none"))},
          {"engine", {{"name", *rc::gen::element(std::string("vllm"), std::string("sglang"), std::string("toy"))}}},
          {"capacity", *rc::gen::element(std::string("1.0"), std::string("0.5"), std::string("2"))},
          {"accelerator", accelerator}};
}

json deploymentOf(const std::string& name) {
  json placement = {{"jurisdictions",
                     {*rc::gen::element(std::string("EU"), std::string("EU"), std::string("DE"), std::string("CH"))}}};
  if (*rc::gen::arbitrary<bool>()) placement["dataResidency"] = {"eu-personal"};
  if (*rc::gen::inRange(0, 4) == 0) placement["maxPerRegion"] = *rc::gen::inRange(1, 4);
  json variants = json::array();
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) variants.push_back(variantOf(i));
  return {{"apiVersion", "bailiwick.dev/v1alpha1"},
          {"kind", "ModelDeployment"},
          {"metadata", {{"name", name}, {"namespace", "team"}}},
          {"spec",
           {{"servedName", name},
            {"replicas", *rc::gen::inRange(0, 5)},
            {"priority", *rc::gen::inRange(-1, 3)},
            {"placement", placement},
            {"variants", variants},
            {"paused", *rc::gen::inRange(0, 8) == 0}}}};
}

// Somebody's pod, or a replica of a deployment.
json podOf(int number, const std::string& node, const std::string& resource, const json* owner) {
  json metadata = {{"name", "p" + std::to_string(number)}, {"namespace", "team"},
                   {"creationTimestamp", "2026-11-22T08:00:00Z"}};
  if (owner) {
    const auto& variants = (*owner)["spec"]["variants"];
    metadata["labels"] = {{"bailiwick.dev/deployment", (*owner)["metadata"]["name"]},
                          {"bailiwick.dev/variant", variants[0]["name"]},
                          {"bailiwick.dev/role", "engine"},
                          {"app.kubernetes.io/managed-by", "bailiwick"}};
  }
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", metadata},
          {"spec",
           {{"nodeName", node},
            {"containers", {{{"name", "engine"}, {"resources", {{"requests", {{resource, "8"}}}}}}}}}},
          {"status",
           {{"phase", "Running"},
            {"conditions", {{{"type", "Ready"}, {"status", "True"}, {"lastTransitionTime", "2026-11-22T08:01:00Z"}}}}}}};
}

Scenario scenario() {
  Scenario s;
  s.cluster.push_back({{"apiVersion", "bailiwick.dev/v1alpha1"}, {"kind", "Region"}, {"metadata", {{"name", "fra"}}},
                       {"spec", {{"provider", "aws"}, {"location", "eu-central-1"}, {"jurisdiction", "DE"},
                                 {"residencyClasses", {"eu-personal"}}}}});
  s.cluster.push_back({{"apiVersion", "bailiwick.dev/v1alpha1"}, {"kind", "ModelPassport"}, {"metadata", {{"name", "open"}}},
                       {"spec", {{"publisher", {{"name", "P"}, {"country", "DE"}}},
                                 {"model", {{"family", "f"}, {"name", "M"}, {"version", "1"}}},
                                 {"originCountry", "DE"}, {"openness", "OpenWeight"}, {"licence", {{"id", "MIT"}}},
                                 {"artifacts", {{{"name", "claim"}, {"precision", "fp8"},
                                                 {"source", {{"type", "PVC"}, {"uri", "pvc://weights/m"}}}}}}}}});
  std::vector<json> there;
  const int existing = *rc::gen::inRange(0, 4);
  for (int i = 0; i < existing; ++i) {
    auto d = deploymentOf("d" + std::to_string(i));
    d["metadata"]["creationTimestamp"] = "2026-11-0" + std::to_string(1 + i) + "T00:00:00Z";
    d["metadata"]["uid"] = "uid-d" + std::to_string(i);
    there.push_back(d);
  }
  const int nodes = *rc::gen::inRange(0, 7);
  for (int i = 0; i < nodes; ++i) {
    const auto node = nodeOf(i);
    s.cluster.push_back(node);
    if (*rc::gen::inRange(0, 2) == 0) continue;
    const json* owner = there.empty() || *rc::gen::arbitrary<bool>() ? nullptr : &there.front();
    const auto resource = node["status"]["allocatable"].begin().key();
    s.cluster.push_back(podOf(i, node["metadata"]["name"], resource, owner));
  }
  const int applied = *rc::gen::inRange(1, 4);
  for (int i = 0; i < applied; ++i) s.manifests.push_back(deploymentOf("d" + std::to_string(2 * i)));
  s.cluster.insert(s.cluster.end(), there.begin(), there.end());
  return s;
}

json planned(const Scenario& s) {
  static const Folder folder("differential");
  json cluster = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", s.cluster}};
  json manifests = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", s.manifests}};
  const auto ran = runPlugin({"plan", "-o", "json", "-f", folder.write("m.json", manifests.dump()),
                              "--offline", folder.write("w.json", cluster.dump())});
  RC_ASSERT(ran.err == "");
  json result = json::object();
  const auto report = json::parse(ran.out);
  for (const auto& finding : report["findings"]) {
    RC_LOG() << finding.dump();
    RC_ASSERT(finding["reason"] != "Manifest");
  }
  for (const auto& d : report["regions"][0]["deployments"]) {
    for (const auto& v : d["variants"]) {
      if (v.contains("reason") || v["after"] != 0) {
        result[d["name"].get<std::string>()][v["name"].get<std::string>()] = {
            {"share", v["after"]}, {"reason", v.value("reason", "")}, {"message", v.value("message", "")}};
      }
    }
  }
  return result;
}

std::string pathOf(const json& object) {
  const auto name = object["metadata"]["name"].get<std::string>();
  const auto kind = object["kind"].get<std::string>();
  if (kind == "Node") return "/api/v1/nodes/" + name;
  if (kind == "Pod") return "/api/v1/namespaces/team/pods/" + name;
  if (kind == "Region") return std::string(group) + "regions/" + name;
  if (kind == "ModelPassport") return std::string(group) + "modelpassports/" + name;
  return std::string(group) + "namespaces/team/modeldeployments/" + name;
}

json operated(const Scenario& s) {
  MemoryApi api;
  for (const auto& object : s.cluster) api.put(pathOf(object), object);
  for (auto object : s.manifests) {
    const auto existing = api.get(pathOf(object));
    if (!existing.is_null()) object["metadata"] = existing["metadata"];
    if (existing.is_null()) object["metadata"]["creationTimestamp"] = api::formatTime(testTime);
    api.put(pathOf(object), object);
  }
  reconcile::Caches caches(shipped());
  caches.start(api);
  RC_ASSERT(caches.waitSettled(std::chrono::seconds(20), {}));
  reconcile::Planner::Config config;
  const policy::Settings settings;
  config.caches = &caches;
  config.catalog = &shipped();
  config.settings = settings;
  config.region = "fra";
  config.now = [] { return testTime; };
  config.changed = [](const api::Key&) {};
  config.renderable = [&](const api::ModelDeployment& d, const api::Variant& v, const api::ModelPassport& p) {
    render::Environment environment;
    const auto region = caches.regions.store().get(api::Key{"", "fra"});
    environment.region = region.get();
    environment.catalog = &shipped();
    return render::unrenderable(d, v, p, environment);
  };
  config.quiet = std::chrono::milliseconds(1);
  reconcile::Planner planner(std::move(config));
  planner.start();
  planner.poke();
  while (!planner.current()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  json result = json::object();
  const auto current = planner.current();
  for (const auto& [key, d] : current->plan.deployments) {
    for (const auto& v : d.variants) {
      if (v.refusal || v.share > 0) {
        result[key.name][v.variant->name] = {{"share", v.share},
                                             {"reason", v.refusal ? v.refusal->reason : ""},
                                             {"message", v.refusal ? v.refusal->message : ""}};
      }
    }
  }
  planner.stop();
  caches.stop();
  return result;
}

RC_GTEST_PROP(Differential, WhatPlanSaysIsWhatTheOperatorThenDoes, ()) {
  const auto s = scenario();
  const auto before = planned(s), after = operated(s);
  RC_LOG() << before.dump(1) << "\n" << after.dump(1);
  RC_ASSERT(before == after);
}

}  // namespace
}  // namespace bailiwick::testing
