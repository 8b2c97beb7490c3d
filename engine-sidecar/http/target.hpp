#pragma once
// The target of a request (RFC 9112, section 3.2): a path, or an http URL whose authority is Host's.

#include <string_view>

#include "http/fault.hpp"

namespace bailiwick::sidecar::http {

struct Target {
  std::string_view authority;  // of an absolute form; else empty
  std::string_view path;       // begins with a slash
  std::string_view query;      // without its question mark
};

// Only what every reader reads alike: no fragment, no dot segment, no percent encoding of a dot, a
// separator or a control, and no malformed one.
Fault parseTarget(std::string_view text, Target& target);

// host[:port] without user and path.
bool isAuthority(std::string_view text);

}  // namespace bailiwick::sidecar::http
