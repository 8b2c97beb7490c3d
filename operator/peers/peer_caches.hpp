#pragma once
// What is kept of one peer. It is not trusted: each object passes our own decoders, and no more is
// held of it than the bounds allow.

#include <vector>

#include "api/exit_order.hpp"
#include "api/model_deployment.hpp"
#include "api/region.hpp"
#include "kube/informer.hpp"
#include "kube/lease.hpp"

namespace bailiwick::peers {

// Of one answer of a peer: etcd stores no object of more than 1.5 MiB, and pages that are too large
// are asked for smaller. Reading JSON takes thirteen times its size, of four kinds at once.
constexpr std::size_t maxPeerAnswer = std::size_t{2} << 20;

struct HeartbeatLease {
  api::ObjectMeta meta;
  kube::Lease lease;
};
Result<HeartbeatLease> decodeHeartbeat(simdjson::dom::element object);

// Passports and policies of a peer are not kept: each region's are its own authority's word.
struct PeerCaches {
  explicit PeerCaches(const std::string& region);
  ~PeerCaches() { stop(); }

  kube::Informer<api::ModelDeployment> deployments;
  kube::Informer<api::Region> regions;
  kube::Informer<api::ExitOrder> exitOrders;
  kube::Informer<HeartbeatLease> heartbeat;

  void start(kube::Transport& transport);
  void stop();
  // A full set of everything has been received once.
  bool synced() const;
  // Its API server only shows states that are older than what was seen: it was restored.
  bool wentBack(kube::SteadyTime now) const;
  std::uint64_t unreadable() const;

  std::vector<kube::InformerBase*> all();
  std::vector<const kube::InformerBase*> all() const;
};

}  // namespace bailiwick::peers
