#pragma once
// What is for programs: JSON, or the same as YAML.

#include <nlohmann/json.hpp>
#include <string>

#include "plugin/terminal.hpp"

namespace bailiwick::plugin {

enum class Format { Table, Wide, Json, Yaml };

// Blocks; every text quoted, so that "NO" stays a text whoever reads it.
std::string yamlOf(const nlohmann::ordered_json& value);

// `format` is Json or Yaml.
void print(const Terminal& terminal, Format format, const nlohmann::ordered_json& value);

}  // namespace bailiwick::plugin
