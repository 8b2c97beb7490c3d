#include "render/network_policy.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "api/labels.hpp"
#include "render/gateway.hpp"
#include "render/routes.hpp"

namespace bailiwick::render {
namespace {

using nlohmann::json;

struct Cidr {
  std::array<unsigned char, 16> bytes{};
  int family = 0, bits = 0;
};

std::optional<Cidr> parseCidr(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  Cidr cidr;
  cidr.family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(cidr.family, text.substr(0, slash).c_str(), cidr.bytes.data()) != 1)
    return std::nullopt;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + slash + 1, end, cidr.bits);
  const int most = cidr.family == AF_INET ? 32 : 128;
  if (error != std::errc{} || rest != end || cidr.bits < 0 || cidr.bits > most) return std::nullopt;
  return cidr;
}

// With the bits beyond the prefix cleared, as the API server wants it.
std::string canonical(Cidr cidr) {
  for (std::size_t byte = 0; byte < cidr.bytes.size(); ++byte) {
    const int kept = std::clamp(cidr.bits - static_cast<int>(byte) * 8, 0, 8);
    cidr.bytes[byte] = static_cast<unsigned char>(cidr.bytes[byte] & (0xff00 >> kept));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(cidr.family, cidr.bytes.data(), text.data(), text.size());
  return text.data() + ("/" + std::to_string(cidr.bits));
}

bool contains(const Cidr& outer, const Cidr& inner) {
  if (outer.family != inner.family || outer.bits > inner.bits) return false;
  for (int bit = 0; bit < outer.bits; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if ((outer.bytes[byte] & mask) != (inner.bytes[byte] & mask)) return false;
  }
  return true;
}

// Link-local (metadata of most clouds, also Tencent's 169.254.0.23), Alibaba Cloud's metadata,
// Azure's WireServer, the IPv6 metadata addresses of AWS and Google Cloud.
constexpr std::array<const char*, 6> never = {"169.254.0.0/16",    "100.100.100.200/32",
                                              "168.63.129.16/32",  "fe80::/10",
                                              "fd00:ec2::254/128", "fd20:ce::254/128"};

json port(const char* protocol, int number) {
  return {{"protocol", protocol}, {"port", number}};
}

// A cluster's DNS and the cache that may run on each node; other names would be a way out.
json dnsRule() {
  const json servers = {
      {"namespaceSelector", {{"matchLabels", {{"kubernetes.io/metadata.name", "kube-system"}}}}},
      {"podSelector", {{"matchLabels", {{"k8s-app", "kube-dns"}}}}}};
  const json nodeCache = {{"ipBlock", {{"cidr", "169.254.20.10/32"}}}};
  return {{"to", json::array({servers, nodeCache})},
          {"ports", json::array({port("UDP", 53), port("TCP", 53)})}};
}

json apiServerRule(const std::pair<std::string, int>& address) {
  const char* whole = address.first.find(':') == std::string::npos ? "/32" : "/128";
  const json to = {{"ipBlock", {{"cidr", address.first + whole}}}};
  return {{"to", json::array({to})}, {"ports", json::array({port("TCP", address.second)})}};
}

std::optional<json> regionRule(const api::Region& region) {
  json to = json::array();
  for (const auto* cidrs :
       {&region.egressGateways, &region.egressWeightSources, &region.egressProviders})
    for (const std::string& cidr : *cidrs)
      if (auto block = ipBlock(cidr)) to.push_back({{"ipBlock", *block}});
  if (to.empty()) return std::nullopt;
  return json{{"to", to}, {"ports", json::array({{{"protocol", "TCP"}}})}};
}

json ownGatewayRule(const OwnGateway& gateway) {
  const json pods = {
      {"namespaceSelector", {{"matchLabels", {{"kubernetes.io/metadata.name", gateway.ns}}}}},
      {"podSelector", {{"matchLabels", {{"app.kubernetes.io/component", "gateway"}}}}}};
  return {{"to", json::array({pods})}, {"ports", json::array({port("TCP", podsPort)})}};
}

}  // namespace

std::optional<json> ipBlock(const std::string& cidr) {
  const auto wanted = parseCidr(cidr);
  if (!wanted) return std::nullopt;
  json result = {{"cidr", canonical(*wanted)}};
  for (const char* text : never) {
    const Cidr refused = *parseCidr(text);
    if (contains(refused, *wanted)) return std::nullopt;
    if (contains(*wanted, refused)) result["except"].push_back(text);
  }
  return result;
}

Object networkPolicy(const api::ModelDeployment& deployment, const Environment& environment) {
  const json group = {{"podSelector", {{"matchLabels", selector(deployment, "")}}}};
  // Whoever may reach the pods is the sidecar's question (keys, residency), not the network's.
  json ingress =
      json::array({{{"ports", json::array({port("TCP", dataPort), port("TCP", observePort)})}}});
  json egress = json::array({dnsRule()});
  for (const auto& address : environment.apiServer) egress.push_back(apiServerRule(address));
  if (auto rule = regionRule(*environment.region)) egress.push_back(*rule);
  // By the spec, not the shares: a group that is on its way out still needs its own network.
  const bool groups =
      std::any_of(deployment.spec.variants.begin(), deployment.spec.variants.end(),
                  [](const auto& variant) { return variant.accelerator.nodes > 1; });
  if (groups) {
    // Engines that span nodes agree on ports among themselves.
    ingress.push_back({{"from", json::array({group})}});
    egress.push_back({{"to", json::array({group})}});
  } else {
    egress.push_back(
        {{"to", json::array({group})}, {"ports", json::array({port("TCP", dataPort)})}});
  }
  if (reachesPeers(environment)) egress.push_back(ownGatewayRule(*environment.gateway));
  Object object = ownedObject("networking.k8s.io/v1", "NetworkPolicy", deployment.meta.key.name,
                              deployment, "", environment);
  const json everyRole = {{api::names::deploymentLabel, deployment.meta.key.name}};
  object.body["spec"] = {{"podSelector", {{"matchLabels", everyRole}}},
                         {"policyTypes", {"Ingress", "Egress"}},
                         {"ingress", ingress},
                         {"egress", egress}};
  return object;
}

}  // namespace bailiwick::render
