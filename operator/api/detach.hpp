#pragma once
// How a copy of a peer's deployment becomes an original.

#include <optional>
#include <string>

#include "api/meta.hpp"

namespace bailiwick::api {

// The merge patch for it: what marks a copy goes, and with it our ownership of its fields, under which
// what its new owner takes out of his manifest would stay in the object. `object`: as the API server
// shows it now, in JSON; `meta`: what was looked at, to which the patch is bound. Nothing where
// `object` is none.
std::optional<std::string> detachment(const std::string& object, const ObjectMeta& meta);

}  // namespace bailiwick::api
