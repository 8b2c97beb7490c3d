#include "peers/address.hpp"

#include <fmt/format.h>

#include <utility>

#include "kube/base64.hpp"
#include "kube/server_url.hpp"
#include "kube/tls.hpp"

namespace bailiwick::peers {

Result<kube::ClusterConfig> clusterOf(const api::Access& access) {
  auto server = kube::parseServerUrl(access.server);
  if (!server) return fail("access." + server.error().message);
  const auto authority = kube::decodeBase64(access.caBundle);
  if (!authority || authority->empty()) {
    return fail("access.caBundle: must hold the PEM of this peer's own authority, as base64");
  }
  if (const auto sound = kube::firstExpiry(*authority); !sound) {
    return fail("access.caBundle: " + sound.error().message);
  }
  kube::ClusterConfig cluster;
  cluster.ca.inlineText = kube::Secret(*authority);
  cluster.server = *std::move(server);
  return cluster;
}

Result<kube::ClusterConfig> dialledAt(kube::ClusterConfig cluster, const Addresses& addresses,
                                      std::size_t attempt) {
  auto& host = cluster.server.host;
  for (const auto& address : addresses) {
    const auto judged = kube::checkAddress(address);
    if (!judged) {
      return fail(fmt::format("access.server: {} resolves to {}", host, judged.error().message));
    }
  }
  cluster.tlsServerName = std::exchange(host, addresses[attempt % addresses.size()]);
  return cluster;
}

}  // namespace bailiwick::peers
