#pragma once
// Readable YAML from JSON in the order in which it was built, the same bytes every time.

#include <nlohmann/json.hpp>
#include <string>

namespace bailiwick::render {

// Maps as blocks, lists of maps one flow map a line, everything else in flow style. Every string is
// double quoted, so that "NO" stays Norway and "1.0" a string whoever reads it.
std::string toYaml(const nlohmann::ordered_json& map);

}  // namespace bailiwick::render
