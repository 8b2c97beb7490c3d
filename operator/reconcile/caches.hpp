#pragma once
// The typed caches of everything the operator reads, one informer per kind.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <stop_token>
#include <vector>

#include "api/exit_order.hpp"
#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"
#include "api/region.hpp"
#include "api/sovereignty_policy.hpp"
#include "api/workload.hpp"
#include "catalog/catalog.hpp"
#include "kube/informer.hpp"

namespace bailiwick::reconcile {

// Keeps of a node's labels only those that the catalogue reads. A node that cannot be read comes
// back without any, so that it takes nothing.
std::function<Result<api::Node>(simdjson::dom::element)> nodeDecoder(
    const catalog::Catalog& catalog);

struct Caches {
  // Of a node only the labels that the catalogue reads are kept.
  explicit Caches(const catalog::Catalog& catalog);

  kube::Informer<api::ModelDeployment> deployments;
  kube::Informer<api::ModelPassport> passports;
  kube::Informer<api::Region> regions;
  kube::Informer<api::SovereigntyPolicy> policies;
  kube::Informer<api::ExitOrder> exitOrders;
  kube::Informer<api::Node> nodes;
  kube::Informer<api::Pod> pods;
  kube::Informer<api::Workload> workloads;         // Deployments of ours
  kube::Informer<api::Workload> leaderWorkerSets;  // of ours; the API may be absent
  kube::Informer<api::GenericObject> services, configMaps, podDisruptionBudgets, networkPolicies,
      serviceAccounts, roles, roleBindings;  // of ours
  kube::Informer<api::GenericObject> runtimeClasses;
  kube::Informer<api::GenericObject> namespaces;
  kube::Informer<api::EndpointSlice> apiServer;  // where the API server of this cluster is

  void start(kube::Transport& transport);
  void stop();
  // Every cache has a full set, or its API is known to be absent.
  bool settled() const;
  bool waitSettled(std::chrono::milliseconds timeout, std::stop_token stop) const;
  std::vector<const kube::InformerBase*> all() const;
  // The cache that holds objects of this kind of ours; nullptr for any other kind.
  const kube::InformerBase* of(const kube::Resource& resource) const;
  // Address and port of each API server; empty where the cluster does not tell.
  std::vector<std::pair<std::string, int>> apiServerAddresses() const;
  // The metadata of an object of ours as cached.
  std::optional<api::ObjectMeta> meta(const kube::Resource& resource, const api::Key& key) const;

 private:
  std::vector<kube::InformerBase*> every();
};

}  // namespace bailiwick::reconcile
