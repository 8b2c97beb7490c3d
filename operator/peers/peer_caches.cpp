#include "peers/peer_caches.hpp"

#include <algorithm>

#include "api/decode.hpp"
#include "peers/foreign.hpp"
#include "peers/heartbeat_fsm.hpp"

namespace bailiwick::peers {
namespace {

namespace resources = kube::resources;

constexpr kube::Budget::Limits deploymentLimits{20'000, std::size_t{128} << 20};
constexpr kube::Budget::Limits regionLimits{2'000, std::size_t{32} << 20};
constexpr kube::Budget::Limits orderLimits{2'000, std::size_t{32} << 20};
constexpr kube::Budget::Limits heartbeatLimits{1, std::size_t{64} << 10};
// A load balancer may ask an API server that lags behind; a restored etcd stays behind.
constexpr std::chrono::seconds wentBackPatience{5};

kube::WatchConfig everything(const kube::Resource& resource) {
  kube::WatchConfig config;
  config.resource = resource;
  config.pageLimit = 100;
  config.maxLine = maxPeerAnswer;
  // A peer that comes back is to be known again soon.
  config.backoffMax = std::chrono::milliseconds{2'000};
  return config;
}

kube::WatchConfig heartbeatOf(const std::string& region) {
  auto config = everything(resources::leases);
  config.ns = heartbeatNamespace;
  config.fieldSelector = "metadata.name=" + heartbeatName(region);
  // It changes twice a second.
  config.idle = std::chrono::milliseconds{10'000};
  // An API server asks for no credential again while a watch lasts: who shuts us out is to be known soon.
  config.timeout = std::chrono::seconds{30};
  return config;
}

}  // namespace

Result<HeartbeatLease> decodeHeartbeat(simdjson::dom::element object) {
  auto generic = api::decodeGenericObject(object);
  if (!generic) return tl::unexpected(generic.error());
  auto lease = kube::decodeLease(object);
  if (!lease) return tl::unexpected(lease.error());
  return HeartbeatLease{std::move(generic->meta), *std::move(lease)};
}

PeerCaches::PeerCaches(const std::string& region)
    : deployments(everything(resources::modelDeployments), decodeOriginal),
      regions(everything(resources::regions), decodeForeignRegion),
      exitOrders(everything(resources::exitOrders), decodeForeignOrder),
      heartbeat(heartbeatOf(region), decodeHeartbeat) {
  deployments.limit(deploymentLimits);
  regions.limit(regionLimits);
  exitOrders.limit(orderLimits);
  heartbeat.limit(heartbeatLimits);
}

std::vector<kube::InformerBase*> PeerCaches::all() {
  return {&deployments, &regions, &exitOrders, &heartbeat};
}

std::vector<const kube::InformerBase*> PeerCaches::all() const {
  return {&deployments, &regions, &exitOrders, &heartbeat};
}

void PeerCaches::start(kube::Transport& transport) {
  for (auto* informer : all()) informer->start(transport);
}

void PeerCaches::stop() {
  for (auto* informer : all()) informer->stop();
}

bool PeerCaches::synced() const {
  const auto list = all();
  return std::all_of(list.begin(), list.end(), [](const auto* cache) { return cache->synced(); });
}

bool PeerCaches::wentBack(kube::SteadyTime now) const {
  const auto list = all();
  return std::any_of(list.begin(), list.end(), [now](const auto* cache) {
    const auto since = cache->wentBackSince();
    return since && now - *since >= wentBackPatience;
  });
}

std::uint64_t PeerCaches::unreadable() const {
  std::uint64_t count = 0;
  for (const auto* cache : all()) count += cache->decodeErrors();
  return count;
}

}  // namespace bailiwick::peers
