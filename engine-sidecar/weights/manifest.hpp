#pragma once
// MANIFEST.sha256 at the root of an artifact (protocols 3): as sha256sum writes it, sorted by name
// in byte order, every regular file but itself and the signature. Pure.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/result.hpp"

namespace bailiwick::sidecar {

inline constexpr char manifestName[] = "MANIFEST.sha256";

using Sha256 = std::array<std::uint8_t, 32>;

std::string hex(const Sha256& digest);
// 64 lower case hexadecimal digits.
std::optional<Sha256> parseHex(std::string_view text);
// "sha256:" and such digits.
std::optional<Sha256> parseDigest(std::string_view text);
Sha256 sha256(std::string_view bytes);

// A path below the root that can be read in one way only: relative, no empty, "." or ".." segments,
// no control characters or backslashes.
bool isPlainName(std::string_view name);

struct ManifestEntry {
  std::string name;
  Sha256 digest{};
};

// Sorted, names unique; a leading "./" is dropped. The error names every line that is wrong.
Result<std::vector<ManifestEntry>> parseManifest(std::string_view text);

}  // namespace bailiwick::sidecar
