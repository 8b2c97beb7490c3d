#pragma once
// Canonical JSON (RFC 8785), of which evidence uses objects, lists, strings and integers only: what
// two programs might write differently (fractions, exponents, true, null) does not occur.

#include <nlohmann/json.hpp>
#include <string>

#include "api/result.hpp"

namespace bailiwick::evidence {

// Integers beyond this are not the same number to every reader (RFC 7493, 2.2).
inline constexpr std::int64_t maxInteger = (std::int64_t{1} << 53) - 1;
inline constexpr int maxDepth = 16;

// Fails, with the path, for a value of another type, an integer that is too large, text that is not
// UTF-8, and nesting deeper than maxDepth.
Result<std::string> canonical(const nlohmann::json& value);

}  // namespace bailiwick::evidence
