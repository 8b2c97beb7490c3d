#pragma once
// One region and its peer zrh, each an API server in memory. The way to zrh can be broken in every way.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "api/decode.hpp"
#include "api/encode.hpp"
#include "kube/base64.hpp"
#include "kube/support/test_ca.hpp"
#include "peers/peers.hpp"
#include "reconcile/memory_api.hpp"

namespace bailiwick::testing {

using namespace std::chrono_literals;

enum class Weather {
  Fair,
  Unreachable,
  Hanging,
  Unauthorized,
  Forbidden,
  ForbiddenHeartbeat,
  WrongCertificate,
  Broken,
  Page,         // of something in front of a region that is gone
  MissingPage,  // the same with 404
};

// The way to a peer.
class Road final : public kube::Transport {
 public:
  Road(MemoryApi& api, const std::atomic<Weather>& weather, std::atomic<int>& firstSets)
      : api_(api), weather_(weather), firstSets_(firstSets) {}

  tl::expected<kube::Response, kube::TransportError> send(const kube::Request& request,
                                                          std::stop_token stop) override {
    if (auto error = failure(request.deadline, stop)) return tl::unexpected(*error);
    if (auto refusal = refused(request)) return *refusal;
    return api_.send(request, stop);
  }
  tl::expected<void, kube::TransportError> stream(const kube::Request& request,
                                                  kube::StreamSink& sink,
                                                  std::chrono::milliseconds idle,
                                                  std::stop_token stop) override {
    if (auto error = failure(50ms, stop)) return tl::unexpected(*error);
    if (const auto refusal = refused(request)) {
      if (sink.onHead(refusal->head)) sink.onChunk(refusal->body);
      return {};
    }
    if (isFirstSet(request)) ++firstSets_;
    return api_.stream(request, sink, idle, stop);
  }

 private:
  static bool isFirstSet(const kube::Request& request) {
    return request.path.find("/modeldeployments") != std::string::npos &&
           std::any_of(request.query.begin(), request.query.end(),
                       [](const auto& pair) { return pair.first == "sendInitialEvents"; });
  }

  std::optional<kube::TransportError> failure(std::chrono::milliseconds deadline,
                                              const std::stop_token&) const {
    using Kind = kube::TransportError::Kind;
    switch (weather_.load()) {
      case Weather::Unreachable: return kube::TransportError{Kind::Unreachable, "cannot connect"};
      case Weather::WrongCertificate: return kube::TransportError{Kind::Certificate, "self-signed"};
      case Weather::Hanging:
        std::this_thread::sleep_for(deadline);
        return kube::TransportError{Kind::Timeout, "no answer in time"};
      default: return std::nullopt;
    }
  }
  std::optional<kube::Response> refused(const kube::Request& request) const {
    const bool heartbeat = request.path.find("/leases") != std::string::npos;
    switch (weather_.load()) {
      case Weather::Unauthorized: return statusResponse(401, "Unauthorized", "Unauthorized");
      case Weather::Forbidden: return statusResponse(403, "Forbidden", "forbidden");
      case Weather::ForbiddenHeartbeat:
        return heartbeat ? std::optional(statusResponse(403, "Forbidden", "forbidden")) : std::nullopt;
      case Weather::Broken: return statusResponse(503, "ServiceUnavailable", "etcd has no leader");
      case Weather::Page: return page(200);
      case Weather::MissingPage: return page(404);
      default: return std::nullopt;
    }
  }
  static kube::Response page(int status) {
    kube::Response response{{status, "text/html", std::nullopt}, "<html>welcome</html>"};
    response.body.reserve(response.body.size() + 64);
    return response;
  }

  MemoryApi& api_;
  const std::atomic<Weather>& weather_;
  std::atomic<int>& firstSets_;
};

inline const std::string regionsPath = "/apis/bailiwick.dev/v1alpha1/regions/";
inline const std::string secretPath = "/api/v1/namespaces/bailiwick-system/secrets/peer-zrh";
inline const std::string leasePath =
    "/apis/coordination.k8s.io/v1/namespaces/bailiwick-system/leases/bailiwick-region-zrh";

class PeersInMemory {
 public:
  MemoryApi home, zrh;
  std::atomic<Weather> weather{Weather::Fair};
  std::atomic<bool> beating{true}, leading{true};
  // firstSets: of deployments. changes: of single ones, such as plans depend on.
  std::atomic<int> dials{0}, firstSets{0}, changes{0};
  std::atomic<std::int64_t> wall{1'800'000'000};  // seconds
  kube::test::TestCa ca;
  std::unique_ptr<kube::Informer<api::Region>> regions;
  std::unique_ptr<peers::Peers> peers;
  mutable std::mutex toldMutex;
  std::vector<std::string> told;  // regions whose status may be another one
  peers::Resolve resolve = peers::resolveBySystem;

  PeersInMemory() {
    home.put(regionsPath + "fra", regionJson("DE", {}));
    home.put(regionsPath + "zrh", regionJson("CH", accessJson()));
    zrh.put(regionsPath + "zrh", ownRegionJson("uid-zrh"));
    secret("opaque");
  }
  virtual ~PeersInMemory() {
    beating = false;
    beater_ = {};
    if (peers) peers->stop();
    if (regions) regions->stop();
  }

  nlohmann::json accessJson(const std::string& server = "https://127.0.0.1:6443") const {
    return {{"server", server},
            {"caBundle", kube::encodeBase64(ca.pem())},
            {"credentialSecret", {{"namespace", "bailiwick-system"}, {"name", "peer-zrh"}}}};
  }
  static nlohmann::json regionJson(const std::string& country, const nlohmann::json& access) {
    nlohmann::json spec = {{"provider", "on-premises"}, {"location", "x"}, {"jurisdiction", country}};
    if (!access.empty()) spec["access"] = access;
    return {{"spec", spec}};
  }
  static nlohmann::json ownRegionJson(const std::string& uid) {
    auto region = regionJson("CH", {});
    region["status"] = {{"clusterUID", uid},
                        {"conditions",
                         {{{"type", "Reachable"}, {"status", "True"}, {"reason", "Self"},
                           {"message", "this is the region itself"},
                           {"lastTransitionTime", "2026-11-22T10:00:00Z"}}}}};
    return region;
  }
  void secret(const std::string& token) {
    home.put(secretPath, {{"metadata", {{"namespace", "bailiwick-system"}, {"name", "peer-zrh"}}},
                          {"data", {{"token", kube::encodeBase64(token)}}}});
  }
  void beatOnce() {
    static std::atomic<int> count{0};
    zrh.put(leasePath,
            {{"metadata", {{"namespace", "bailiwick-system"}, {"name", "bailiwick-region-zrh"}}},
             {"spec", {{"holderIdentity", "op"}, {"renewTime", "t" + std::to_string(++count)}}}});
  }

  // The way that is made to a cluster.
  std::function<std::unique_ptr<kube::Transport>(const kube::ClusterConfig&)> road =
      [this](const kube::ClusterConfig&) {
        return std::make_unique<Road>(zrh, weather, firstSets);
      };
  // Whom and with what, in this order.
  std::vector<kube::ClusterConfig> dialled() const {
    const std::lock_guard lock(toldMutex);
    return dialled_;
  }

  // Everything but the thread that connects.
  void prepare() {
    kube::WatchConfig config;
    config.resource = kube::resources::regions;
    regions = std::make_unique<kube::Informer<api::Region>>(config, api::decodeRegion);
    peers::Peers::Config settings;
    settings.region = "fra";
    settings.home = &home;
    settings.regions = regions.get();
    settings.clusterUid = "uid-fra";
    settings.now = [this] { return api::Time(std::chrono::seconds(wall.load())); };
    settings.leading = [this] { return leading.load(); };
    settings.changed = [this](const api::Key& deployment) {
      if (!deployment.name.empty()) ++changes;
    };
    settings.ordersChanged = [] {};
    settings.statusChanged = [this](const api::Key& region) {
      const std::lock_guard lock(toldMutex);
      told.push_back(region.name);
    };
    settings.dial = [this](kube::ClusterConfig cluster) -> std::unique_ptr<kube::Transport> {
      ++dials;
      auto made = road(cluster);
      const std::lock_guard lock(toldMutex);
      dialled_.push_back(std::move(cluster));
      return made;
    };
    settings.resolve = resolve;
    peers = std::make_unique<peers::Peers>(std::move(settings));
    const auto tell = [this](const auto& region) { peers->regionChanged(region->meta.key.name); };
    regions->addHandler({tell, [tell](const auto&, const auto& after) { tell(after); }, tell});
    regions->start(home);
  }

  void start() {
    prepare();
    peers->start();
    beater_ = std::jthread([this](std::stop_token stop) {
      while (!stop.stop_requested()) {
        if (beating) beatOnce();
        std::this_thread::sleep_for(200ms);
      }
    });
  }
  void fallSilent() { beating = false; }

  // Of Region zrh, as its status here would be.
  api::RegionStatus status() const {
    const auto region = regions->store().get(api::Key{"", "zrh"});
    const auto status = region ? peers->statusOf(*region) : std::nullopt;
    return status.value_or(api::RegionStatus{});
  }
  std::string reason(const char* type) const {
    const auto now = status();
    const auto* condition = api::findCondition(now.conditions, type);
    return condition ? condition->reason : "";
  }
  std::string message(const char* type) const {
    const auto now = status();
    const auto* condition = api::findCondition(now.conditions, type);
    return condition ? condition->message : "";
  }

 private:
  std::vector<kube::ClusterConfig> dialled_;
  std::jthread beater_;
};

template <class Check>
bool eventually(const Check& check, std::chrono::milliseconds within = 20s) {
  const auto end = std::chrono::steady_clock::now() + within;
  while (!check() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(20ms);
  return check();
}

}  // namespace bailiwick::testing
