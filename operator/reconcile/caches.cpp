#include "reconcile/caches.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/decode.hpp"
#include "api/labels.hpp"
#include "log/log.hpp"

namespace bailiwick::reconcile {
namespace {

namespace resources = kube::resources;

kube::WatchConfig everything(const kube::Resource& resource) {
  kube::WatchConfig config;
  config.resource = resource;
  return config;
}

kube::WatchConfig ours(const kube::Resource& resource) {
  auto config = everything(resource);
  config.labelSelector =
      fmt::format("{}={}", api::names::managedByLabel, api::names::managedBy);
  return config;
}

kube::WatchConfig optional(kube::WatchConfig config) {
  config.optional = true;
  return config;
}

kube::WatchConfig one(const kube::Resource& resource, const api::Key& key) {
  auto config = everything(resource);
  config.ns = key.ns;
  config.fieldSelector = "metadata.name=" + key.name;
  return config;
}

}  // namespace

std::function<Result<api::Node>(simdjson::dom::element)> nodeDecoder(
    const catalog::Catalog& catalog) {
  const auto keys = catalog.nodeLabelKeys();
  const auto prefix = catalog.residencyPrefix;
  api::LabelFilter keep = [keys, prefix](std::string_view key) {
    return key.starts_with(prefix) || keys.contains(key);
  };
  return [keep](simdjson::dom::element json) -> Result<api::Node> {
    auto node = api::decodeNode(json, keep);
    if (node) return node;
    // Its last labels may hold no longer. Without any it takes nothing, and what runs there counts
    // as on a node whose location is unknown.
    auto bare = api::decodeGenericObject(json);
    if (!bare) return node;
    log::error("node unreadable, its labels do not count", {{"error", node.error().message}});
    api::Node unknown;
    unknown.meta = std::move(bare->meta);
    unknown.meta.labels = {};
    return unknown;
  };
}

Caches::Caches(const catalog::Catalog& catalog)
    : deployments(everything(resources::modelDeployments), api::decodeModelDeployment),
      passports(everything(resources::modelPassports), api::decodeModelPassport),
      regions(everything(resources::regions), api::decodeRegion),
      policies(everything(resources::sovereigntyPolicies), api::decodeSovereigntyPolicy),
      exitOrders(everything(resources::exitOrders), api::decodeExitOrder),
      nodes(everything(resources::nodes), nodeDecoder(catalog)),
      pods(everything(resources::pods), api::decodePod),
      workloads(ours(resources::deployments), api::decodeWorkload),
      leaderWorkerSets(optional(ours(resources::leaderWorkerSets)), api::decodeWorkload),
      services(ours(resources::services), api::decodeGenericObject),
      configMaps(ours(resources::configMaps), api::decodeGenericObject),
      podDisruptionBudgets(ours(resources::podDisruptionBudgets), api::decodeGenericObject),
      networkPolicies(ours(resources::networkPolicies), api::decodeGenericObject),
      serviceAccounts(ours(resources::serviceAccounts), api::decodeGenericObject),
      roles(ours(resources::roles), api::decodeGenericObject),
      roleBindings(ours(resources::roleBindings), api::decodeGenericObject),
      runtimeClasses(everything(resources::runtimeClasses), api::decodeGenericObject),
      namespaces(everything(resources::namespaces), api::decodeGenericObject),
      apiServer(one(resources::endpointSlices, {"default", "kubernetes"}),
                api::decodeEndpointSlice) {}

std::vector<kube::InformerBase*> Caches::every() {
  return {&deployments,      &passports,      &regions,              &policies,
          &exitOrders,       &nodes,          &pods,                 &workloads,
          &leaderWorkerSets, &services,       &configMaps,           &podDisruptionBudgets,
          &networkPolicies,  &serviceAccounts, &roles,               &roleBindings,
          &runtimeClasses,   &namespaces,     &apiServer};
}

std::vector<const kube::InformerBase*> Caches::all() const {
  const auto list = const_cast<Caches*>(this)->every();
  return {list.begin(), list.end()};
}

void Caches::start(kube::Transport& transport) {
  for (auto* informer : every()) informer->start(transport);
}

void Caches::stop() {
  for (auto* informer : every()) informer->stop();
}

bool Caches::settled() const {
  const auto list = all();
  return std::all_of(list.begin(), list.end(), [](auto* informer) { return informer->settled(); });
}

bool Caches::waitSettled(std::chrono::milliseconds timeout, std::stop_token stop) const {
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (const auto* informer : all()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (!informer->waitSettled(std::max(left, std::chrono::milliseconds(0)), stop)) return false;
  }
  return true;
}

const kube::InformerBase* Caches::of(const kube::Resource& resource) const {
  for (const auto* informer : all()) {
    if (informer->resource() == resource) return informer;
  }
  return nullptr;
}

std::vector<std::pair<std::string, int>> Caches::apiServerAddresses() const {
  std::vector<std::pair<std::string, int>> addresses;
  const auto slice = apiServer.store().get(api::Key{"default", "kubernetes"});
  if (!slice) return addresses;
  for (const auto& address : slice->addresses) addresses.emplace_back(address, slice->port);
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

std::optional<api::ObjectMeta> Caches::meta(const kube::Resource& resource,
                                            const api::Key& key) const {
  for (const auto* informer : {&workloads, &leaderWorkerSets}) {
    if (informer->resource() != resource) continue;
    const auto object = informer->store().get(key);
    return object ? std::optional(object->meta) : std::nullopt;
  }
  for (const auto* informer : {&services, &configMaps, &podDisruptionBudgets, &networkPolicies,
                               &serviceAccounts, &roles, &roleBindings}) {
    if (informer->resource() != resource) continue;
    const auto object = informer->store().get(key);
    return object ? std::optional(object->meta) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace bailiwick::reconcile
