#pragma once
// Where the parts of a gateway find one another: ports, and files that routes, the configuration and
// the chart's Deployment agree on.

#include "render/metadata.hpp"

namespace bailiwick::render {

// Of a region's gateway: for peers, with mTLS, and for pods of its own region.
inline constexpr int peersPort = 8443, podsPort = 8444;

inline constexpr char gatewayCertificate[] = "/etc/bailiwick/tls/tls.crt";
inline constexpr char gatewayKey[] = "/etc/bailiwick/tls/tls.key";
inline constexpr char peersFolder[] = "/etc/bailiwick/peers";    // REGION.crt
inline constexpr char tablesFolder[] = "/etc/bailiwick/routes";  // NAMESPACE.NAME.yaml
// In pods of a deployment: the authority of their region's gateway.
inline constexpr char ownGatewayAuthority[] = "/etc/bailiwick/ca/gateway.crt";

std::string deploymentGatewayName(const api::ModelDeployment& deployment);

}  // namespace bailiwick::render
