#pragma once
// Small files that people write: configuration, certificates, tokens.

#include <string>

#include "api/result.hpp"

namespace bailiwick::kube {

inline constexpr std::size_t maxSmallFile = std::size_t{1} << 20;

// Refused: what is no regular file, is larger than maxSmallFile, or holds a NUL byte.
Result<std::string> readSmallFile(const std::string& file);

}  // namespace bailiwick::kube
