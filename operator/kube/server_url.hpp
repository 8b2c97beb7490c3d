#pragma once
// Where an API server is: https only, and nowhere that hands out a machine's own credentials.

#include <cstdint>
#include <string>
#include <string_view>

#include "api/result.hpp"

namespace bailiwick::kube {

struct ServerUrl {
  std::string host;  // a DNS name or an address; IPv6 without brackets
  std::uint16_t port = 443;
  std::string pathPrefix;  // "" or "/a/b"

  std::string str() const;
  friend bool operator==(const ServerUrl&, const ServerUrl&) = default;
};

// Refused, each with its reason: any scheme but https, userinfo, query, fragment, metadata,
// link-local, unspecified and multicast addresses in any spelling. Loopback is fine.
Result<ServerUrl> parseServerUrl(std::string_view text);
// The same of an address that a name was resolved to.
Result<void> checkAddress(const std::string& address);

}  // namespace bailiwick::kube
