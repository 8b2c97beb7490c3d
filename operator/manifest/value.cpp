#include "manifest/value.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bailiwick::manifest {

const Value* Value::find(std::string_view key) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return field.name == key; });
  return found == fields.end() ? nullptr : &found->value;
}

Value* Value::find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).find(key));
}

std::string_view Value::at(std::string_view key) const {
  const auto* field = find(key);
  return field && field->isText() ? std::string_view(field->text) : std::string_view();
}

std::string_view Value::at(std::string_view key, std::string_view inner) const {
  const auto* field = find(key);
  return field ? field->at(inner) : std::string_view();
}

std::string_view typeName(Value::Type type) {
  switch (type) {
    case Value::Type::Bool:
      return "a boolean";
    case Value::Type::Int:
      return "an integer";
    case Value::Type::Float:
      return "a number";
    case Value::Type::String:
      return "a text";
    case Value::Type::List:
      return "a list";
    case Value::Type::Map:
      return "a map";
    case Value::Type::Null:
      break;
  }
  return "null";
}

nlohmann::json toJson(const Value& value) {
  switch (value.type) {
    case Value::Type::Bool:
      return value.boolean;
    case Value::Type::Int:
      return value.integer;
    case Value::Type::Float:
      return value.number;
    case Value::Type::String:
      return value.text;
    case Value::Type::List: {
      auto list = nlohmann::json::array();
      for (const auto& item : value.items) list.push_back(toJson(item));
      return list;
    }
    case Value::Type::Map: {
      auto map = nlohmann::json::object();
      for (const auto& [key, field] : value.fields) map[key] = toJson(field);
      return map;
    }
    case Value::Type::Null:
      break;
  }
  return nullptr;
}

}  // namespace bailiwick::manifest
