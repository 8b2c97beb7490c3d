#pragma once
// The two readers behind readDocuments.

#include <optional>
#include <string_view>

#include "manifest/documents.hpp"

namespace bailiwick::manifest {

Documents readYaml(std::string_view text);
// Nothing when it is no JSON.
std::optional<Documents> readJson(std::string_view text);

// How many values a text may hold.
inline constexpr std::size_t maxValues = 1'000'000;

}  // namespace bailiwick::manifest
