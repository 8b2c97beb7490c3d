#include "plugin/print.hpp"

#include <yaml-cpp/yaml.h>

#include <ostream>

namespace bailiwick::plugin {
namespace {

using Json = nlohmann::ordered_json;

void emit(YAML::Emitter& out, const Json& value) {
  if (value.is_object() && !value.empty()) {
    out << YAML::BeginMap;
    for (const auto& [key, member] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, member);
    }
    out << YAML::EndMap;
  } else if (value.is_array() && !value.empty()) {
    out << YAML::BeginSeq;
    for (const auto& element : value) emit(out, element);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << YAML::DoubleQuoted << value.get<std::string>();
  } else {
    out << value.dump();  // a number, a boolean, null, [] or {}
  }
}

}  // namespace

std::string yamlOf(const Json& value) {
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str()) + "\n";
}

void print(const Terminal& terminal, Format format, const Json& value) {
  terminal.out << (format == Format::Yaml
                       ? yamlOf(value)
                       : value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace bailiwick::plugin
