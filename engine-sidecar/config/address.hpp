#pragma once
// Where something listens, and where it is reached.

#include <cstdint>
#include <string>
#include <string_view>

#include "api/result.hpp"

namespace bailiwick::sidecar {

struct Address {
  std::string host;        // an IP address without brackets; "::" where none was written
  std::uint16_t port = 0;  // 0: any that is free

  friend bool operator==(const Address&, const Address&) = default;
};

// "[HOST]:PORT" with an IP address for HOST; IPv6 in brackets; none means every address.
Result<Address> parseAddress(std::string_view text);

// An absolute http(s) URL without user, query and fragment (RFC 3986).
struct Url {
  bool tls = false;
  std::string host;         // lower case, without brackets
  std::uint16_t port = 80;  // the scheme's own where none was written
  std::string path;         // "/openai/v1", or empty; never ends with a slash

  bool loopback() const;          // by its address or as "localhost"; nothing is resolved
  std::string authority() const;  // as in a Host header: without the scheme's own port
  std::string str() const;

  friend bool operator==(const Url&, const Url&) = default;
};

Result<Url> parseUrl(std::string_view text);

// "/a/b": no segment is empty, "." or "..". So is the empty path.
bool hasPlainSegments(std::string_view path);

}  // namespace bailiwick::sidecar
