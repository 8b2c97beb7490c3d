#pragma once
// What a manifest says, before it is known what kind of object it is: JSON's values, each with the
// line on which it was written.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bailiwick::manifest {

struct Field;

struct Value {
  enum class Type { Null, Bool, Int, Float, String, List, Map };
  Type type = Type::Null;
  int line = 0;  // 1-based; of the key, where there is one; 0: written nowhere, a default
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;  // of a String; of any other scalar what was written for it
  std::vector<Field> fields;  // of a Map, keys unique
  std::vector<Value> items;   // of a List

  bool isMap() const { return type == Type::Map; }
  bool isList() const { return type == Type::List; }
  bool isNull() const { return type == Type::Null; }
  bool isText() const { return type == Type::String; }

  // Nullptr when this is no map or has no such field.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  // A text below nested keys, or empty.
  std::string_view at(std::string_view key) const;
  std::string_view at(std::string_view key, std::string_view inner) const;
};

struct Field {
  std::string name;
  Value value;
};

// "a list", "a boolean", ...
std::string_view typeName(Value::Type type);

nlohmann::json toJson(const Value& value);

// What is wrong at one place of a text.
struct Problem {
  int line = 1;
  std::string path;  // "spec.variants[0].name", or empty
  std::string message;
  friend bool operator==(const Problem&, const Problem&) = default;
};

}  // namespace bailiwick::manifest
