#pragma once
// A region that executes an exit order, in memory and turned by hand.

#include "evidence/chunk.hpp"
#include "evidence/verify.hpp"
#include "reconcile/exit_controller.hpp"
#include "reconcile/region_in_memory.hpp"

namespace bailiwick::testing {

inline const std::string ordersPath = "/apis/bailiwick.dev/v1alpha1/exitorders/";
inline const std::string mapsPath = "/api/v1/namespaces/bailiwick-system/configmaps/";
inline const std::string keyPath = "/api/v1/namespaces/bailiwick-system/secrets/bailiwick-evidence-key";

struct Killed {};

// A region with one H200 that runs and one MI300X that is free, and an order to leave nvidia. The
// ReplicaSets and kubelets are played by hand.
class Exiting : public RegionInMemory {
 public:
  int writes = 0, killAt = 0;
  bool killBefore = false;

  Exiting() {
    h200("n1");
    mi300x("m1");
    deployment("assistant", {variantJson("h200", "nvidia", "NVIDIA-H200"),
                             variantJson("mi300x", "amd", "AMD_Instinct_MI300X_OAM")});
    api.answer = [this](const kube::Request&) -> std::optional<kube::Response> {
      if (++writes == killAt && killBefore) throw Killed{};
      return std::nullopt;
    };
    api.written = [this](const kube::Request&) {
      if (writes == killAt && !killBefore) throw Killed{};
    };
    api.date = [this] { return std::chrono::floor<std::chrono::seconds>(now()); };
    start();
    pod("assistant-h200-1", "h200", "n1");
    turns(6);
  }

  void order(nlohmann::json spec = nlohmann::json::object()) {
    nlohmann::json whole = {{"target", {{"vendors", {"nvidia"}}}},
                            {"reason", "the contract ends"},
                            {"deadline", "2026-12-31T00:00:00Z"}};
    whole.merge_patch(spec);
    api.put(ordersPath + "leave", {{"spec", whole}});
    restart();
  }

  // As after a SIGKILL: what was in memory is gone.
  void restart() {
    const auto known = api.get(ordersPath + "leave");
    if (!known.is_null()) gate.forget(known["metadata"]["uid"]);
    exits = std::make_unique<reconcile::ExitController>(reconcile::ExitController::Config{
        &api, &caches, planner.get(), &gate, events.get(), "bailiwick-system", "cluster",
        [this] { return now(); }, [] {}, [](const plan::Drained&) {},
        [this](const std::string&) { return peers; }});
    controller = std::make_unique<reconcile::DeploymentController>(
        reconcile::DeploymentController::Config{&api, &caches, &testCatalog(), planner.get(),
                                                events.get(), "sidecar:1", [this] { return now(); }});
  }

  void step() {
    try {
      plan();
      outcome = exits->reconcile({"", "leave"}, {});
      turn();
    } catch (const Killed&) {
      killAt = 0;
      restart();
    }
    play();
  }
  bool until(const std::string& phase, int steps = 40) {
    for (int i = 0; i < steps; ++i) {
      step();
      if (status().value("phase", "") == phase) return true;
    }
    return false;
  }

  void deleteOrder() {
    auto order = api.get(ordersPath + "leave");
    order["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z";
    api.put(ordersPath + "leave", order);
  }
  nlohmann::json finalizers() const { return api.get(ordersPath + "leave")["metadata"]["finalizers"]; }
  // How the order acts on placement now.
  plan::ExitInForce force() const {
    for (const auto& force : gate.inForce(caches.exitOrders.store().snapshot())) return force;
    return {};
  }

  nlohmann::json status() const {
    return api.get(ordersPath + "leave").value("status", nlohmann::json::object());
  }
  nlohmann::json conditionOf(const std::string& type) const {
    for (const auto& condition : status().value("conditions", nlohmann::json::array())) {
      if (condition.at("type") == type) return condition;
    }
    return {};
  }
  std::string chain() const {
    std::string text;
    for (int i = 1;; ++i) {
      const auto chunk = api.get(mapsPath + evidence::chunkName("leave-evidence", i));
      if (chunk.is_null()) return text;
      text += chunk["data"]["records.jsonl"].get<std::string>();
    }
  }
  std::map<std::string, int> counts() const {
    std::map<std::string, int> result;
    (void)evidence::verify(chain(), {}, [&](const evidence::Record& r) { ++result[r.type]; });
    return result;
  }

  std::vector<plan::PeerOrder> peers;
  std::unique_ptr<reconcile::ExitController> exits;
  kube::Outcome outcome;

 private:
  int replicasOf(const std::string& variant) const {
    const auto workload = api.get(deploymentsPath + "assistant-" + variant);
    return workload.is_null() ? 0 : workload["spec"].value("replicas", 0);
  }
  void play() {
    if (replicasOf("mi300x") == 1 && api.get(podsPath + "assistant-mi300x-1").is_null()) {
      pod("assistant-mi300x-1", "mi300x", "m1", "amd.com/gpu");
    }
    auto left = api.get(podsPath + "assistant-h200-1");
    if (left.is_null() || replicasOf("h200") > 0) return;
    if (!left["metadata"].contains("deletionTimestamp")) {
      left["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z";
      left["metadata"]["deletionGracePeriodSeconds"] = 0;
      left["metadata"]["finalizers"] = {"bailiwick.dev/drain-report"};
      api.put(podsPath + "assistant-h200-1", left);
    } else if (left["metadata"].value("finalizers", nlohmann::json::array()).empty()) {
      api.erase(podsPath + "assistant-h200-1");
    }
  }
};

}  // namespace bailiwick::testing
