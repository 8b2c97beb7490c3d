#include "render/yaml.hpp"

namespace bailiwick::render {
namespace {

using Json = nlohmann::ordered_json;

// A JSON string is a YAML double-quoted scalar as it stands. Keys are our own plain words.
std::string flow(const Json& value) {
  std::string text, separator;
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      text += separator + key + ": " + flow(member);
      separator = ", ";
    }
    return "{" + text + "}";
  }
  if (value.is_array()) {
    for (const auto& element : value) {
      text += separator + flow(element);
      separator = ", ";
    }
    return "[" + text + "]";
  }
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool isListOfMaps(const Json& value) {
  return value.is_array() && !value.empty() && value.front().is_object();
}

bool isNested(const Json& map) {
  for (const auto& member : map)
    if (member.is_object() || isListOfMaps(member)) return true;
  return false;
}

void block(const Json& map, const std::string& indent, std::string& out) {
  for (const auto& [key, value] : map.items()) {
    out += indent + key + ":";
    if (isListOfMaps(value)) {
      out += "\n";
      for (const auto& element : value) out += indent + "- " + flow(element) + "\n";
    } else if (value.is_object() && isNested(value)) {
      out += "\n";
      block(value, indent + "  ", out);
    } else {
      out += " " + flow(value) + "\n";
    }
  }
}

}  // namespace

std::string toYaml(const nlohmann::ordered_json& map) {
  std::string out;
  block(map, "", out);
  return out;
}

}  // namespace bailiwick::render
