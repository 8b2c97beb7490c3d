#include "peers/address.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <memory>
#include <vector>

#include "kube/base64.hpp"
#include "kube/server_url.hpp"
#include "kube/tls.hpp"

namespace bailiwick::peers {
namespace {

std::vector<std::string> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* raw = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &raw) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(raw, freeaddrinfo);
  std::vector<std::string> addresses;
  for (const auto* entry = list.get(); entry; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text);
    }
  }
  return addresses;
}

Result<std::string> addressOf(const std::string& host, std::size_t attempt) {
  const auto found = resolve(host);
  if (found.empty()) return fail(fmt::format("access.server: cannot resolve {}", host));
  for (const auto& address : found) {
    const auto judged = kube::checkAddress(address);
    if (!judged) {
      return fail(fmt::format("access.server: {} resolves to {}", host, judged.error().message));
    }
  }
  return found[attempt % found.size()];
}

}  // namespace

Result<kube::ClusterConfig> clusterOf(const api::Access& access, std::size_t attempt) {
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
  if (!kube::isIpAddress(server->host)) {
    const auto address = addressOf(server->host, attempt);
    if (!address) return tl::unexpected(address.error());
    cluster.tlsServerName = server->host;
    server->host = *address;
  }
  cluster.server = *std::move(server);
  return cluster;
}

}  // namespace bailiwick::peers
