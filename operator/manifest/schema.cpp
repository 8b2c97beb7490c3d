#include "manifest/schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <regex>
#include <set>

#include "manifest/builtin_crds.hpp"
#include "manifest/documents.hpp"
#include "manifest/similar.hpp"

namespace bailiwick::manifest {
namespace {

using Type = Value::Type;

// std::regex recurses with the text: what is longer is the API server's to judge.
constexpr std::size_t longestMatched = 2000;

std::optional<std::int64_t> bound(const Value& schema, std::string_view name) {
  const auto* value = schema.find(name);
  return value && value->type == Type::Int ? std::optional(value->integer) : std::nullopt;
}

bool says(const Value& schema, std::string_view name) {
  const auto* value = schema.find(name);
  return value && value->type == Type::Bool && value->boolean;
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool same(const Value& a, const Value& b) {
  if (a.type != b.type) return false;
  if (a.isList() || a.isMap()) return false;  // no schema of ours has sets of these
  return a.text == b.text;
}

class Walk {
 public:
  Walk(std::vector<Problem>& problems, int line) : problems_(problems), line_(line) {}

  void visit(Value& value, const Value& schema, const std::string& path) {
    if (value.line == 0) value.line = line_;
    if (value.isNull()) {
      if (!says(schema, "nullable")) {
        tell(value, path, "is null: give it a value, or remove the field");
      }
      return;
    }
    if (!typed(value, schema, path)) return;
    if (value.isMap()) return visitMap(value, schema, path);
    if (value.isList()) return visitList(value, schema, path);
    bounded(value, schema, path);
  }

 private:
  void tell(const Value& at, const std::string& path, std::string message) {
    problems_.push_back({at.line == 0 ? line_ : at.line, path, std::move(message)});
  }

  bool typed(const Value& value, const Value& schema, const std::string& path) {
    if (says(schema, "x-kubernetes-int-or-string")) {
      if (value.isText() || value.type == Type::Int) return true;
      tell(value, path, fmt::format("must be a text or an integer, is {}", typeName(value.type)));
      return false;
    }
    const auto wanted = schema.at("type");
    const bool whole = value.type == Type::Float && value.number == std::int64_t(value.number);
    const bool good = (wanted == "object" && value.isMap()) || (wanted == "array" && value.isList()) ||
                      (wanted == "string" && value.isText()) ||
                      (wanted == "boolean" && value.type == Type::Bool) ||
                      (wanted == "integer" && (value.type == Type::Int || whole)) ||
                      (wanted == "number" && (value.type == Type::Int || value.type == Type::Float));
    if (good) return true;
    tell(value, path, wrongType(value, wanted));
    return false;
  }

  static std::string wrongType(const Value& value, std::string_view wanted) {
    const auto word = wanted == "object"    ? "a map"
                      : wanted == "array"   ? "a list"
                      : wanted == "string"  ? "a text"
                      : wanted == "integer" ? "an integer"
                      : wanted == "number"  ? "a number"
                                            : "true or false";
    auto message = fmt::format("must be {}, is {}", word, typeName(value.type));
    if (wanted != "string" || value.isMap() || value.isList()) return message;
    return message + fmt::format(": YAML reads an unquoted {} so; write \"{}\"", value.text,
                                 value.text);
  }

  void visitMap(Value& value, const Value& schema, const std::string& path) {
    const auto inner = [&](const std::string& key) {
      return path.empty() ? key : path + "." + key;
    };
    if (const auto most = bound(schema, "maxProperties");
        most && value.fields.size() > static_cast<std::size_t>(*most)) {
      tell(value, path, fmt::format("has {} entries, at most {} are allowed", value.fields.size(),
                                    *most));
    }
    if (const auto* every = schema.find("additionalProperties")) {
      for (auto& [key, field] : value.fields) visit(field, *every, inner(key));
      return;
    }
    const auto* properties = schema.find("properties");
    for (auto& [key, field] : value.fields) {
      const auto* own = properties ? properties->find(key) : nullptr;
      if (own) {
        restore(field, *own);
        visit(field, *own, inner(key));
      } else {
        tell(field, inner(key), unknown(key, properties));
      }
    }
    require(value, schema, path);
    if (properties) fillIn(value, *properties);
  }

  static std::string unknown(const std::string& key, const Value* properties) {
    std::vector<std::string> names;
    if (properties) {
      for (const auto& [name, schema] : properties->fields) names.push_back(name);
    }
    const auto meant = mostSimilar(key, names);
    if (!meant.empty()) return fmt::format("is no field; {} is meant?", meant);
    return fmt::format("is no field; there are {}", fmt::join(names, ", "));
  }

  void require(const Value& value, const Value& schema, const std::string& path) {
    const auto* required = schema.find("required");
    if (!required) return;
    for (const auto& name : required->items) {
      if (value.find(name.text)) continue;
      tell(value, path.empty() ? name.text : path + "." + name.text, "is required");
    }
  }

  void fillIn(Value& value, const Value& properties) {
    for (const auto& [name, schema] : properties.fields) {
      const auto* standard = schema.find("default");
      if (!standard || value.find(name)) continue;
      auto filled = *standard;
      unplace(filled);
      value.fields.push_back({name, std::move(filled)});
    }
  }

  // A null that may not be one says as little as an absent field.
  static void restore(Value& field, const Value& schema) {
    const auto* standard = schema.find("default");
    if (!field.isNull() || !standard || says(schema, "nullable")) return;
    const int line = field.line;
    field = *standard;
    field.line = line;
  }

  static void unplace(Value& value) {
    value.line = 0;
    for (auto& item : value.items) unplace(item);
    for (auto& [name, field] : value.fields) unplace(field);
  }

  void visitList(Value& value, const Value& schema, const std::string& path) {
    counted(value, schema, path, value.items.size(), "minItems", "maxItems", "entries");
    const auto* each = schema.find("items");
    for (std::size_t i = 0; each && i < value.items.size(); ++i) {
      visit(value.items[i], *each, fmt::format("{}[{}]", path, i));
    }
    const auto kind = schema.at("x-kubernetes-list-type");
    if (kind == "set") return distinct(value, path);
    if (kind == "map") distinctKeys(value, schema, path);
  }

  void counted(const Value& value, const Value& schema, const std::string& path, std::size_t size,
               std::string_view least, std::string_view most, std::string_view what) {
    const auto min = bound(schema, least), max = bound(schema, most);
    const auto count = static_cast<std::int64_t>(size);
    if (min && count < *min) {
      tell(value, path, fmt::format("has {} {}, at least {} are needed", count, what, *min));
    }
    if (max && count > *max) {
      tell(value, path, fmt::format("has {} {}, at most {} are allowed", count, what, *max));
    }
  }

  void distinct(const Value& list, const std::string& path) {
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      const auto end = list.items.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::any_of(list.items.begin(), end,
                      [&](const Value& before) { return same(before, list.items[i]); })) {
        tell(list.items[i], fmt::format("{}[{}]", path, i),
             fmt::format("{} is listed twice", list.items[i].text));
      }
    }
  }

  void distinctKeys(const Value& list, const Value& schema, const std::string& path) {
    const auto* keys = schema.find("x-kubernetes-list-map-keys");
    if (!keys) return;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      std::string identity;
      for (const auto& key : keys->items) {
        identity += std::string(list.items[i].at(key.text)) + "\n";
      }
      if (seen.insert(identity).second) continue;
      tell(list.items[i], fmt::format("{}[{}]", path, i), "another entry has the same name");
    }
  }

  void bounded(const Value& value, const Value& schema, const std::string& path) {
    if (value.isText()) {
      counted(value, schema, path, characters(value.text), "minLength", "maxLength", "characters");
      matching(value, schema, path);
    }
    if (value.type == Type::Int) {
      const auto least = bound(schema, "minimum"), most = bound(schema, "maximum");
      if ((least && value.integer < *least) || (most && value.integer > *most)) {
        tell(value, path, outOfRange(value.integer, least, most));
      }
    }
    const auto* choices = schema.find("enum");
    if (!choices) return;
    std::vector<std::string> words;
    for (const auto& choice : choices->items) {
      if (same(choice, value)) return;
      words.push_back(choice.text);
    }
    tell(value, path, fmt::format("is {}, must be {}", value.text, fmt::join(words, " or ")));
  }

  static std::string outOfRange(std::int64_t is, std::optional<std::int64_t> least,
                                std::optional<std::int64_t> most) {
    if (least && most) return fmt::format("is {}, must be between {} and {}", is, *least, *most);
    return least ? fmt::format("is {}, must be at least {}", is, *least)
                 : fmt::format("is {}, must be at most {}", is, *most);
  }

  void matching(const Value& value, const Value& schema, const std::string& path) {
    const auto pattern = schema.at("pattern");
    if (pattern.empty() || value.text.size() > longestMatched) return;
    if (std::regex_search(value.text, std::regex(std::string(pattern)))) return;
    tell(value, path, fmt::format("is \"{}\", must match {}", value.text, pattern));
  }

  std::vector<Problem>& problems_;
  const int line_;
};

}  // namespace

Result<Schema> Schema::parse(std::string_view text) {
  const auto documents = readDocuments(text);
  if (!documents.problems.empty()) return fail(documents.problems.front().message);
  if (documents.roots.size() != 1) return fail("a CustomResourceDefinition is one document");
  const auto* spec = documents.roots.front().find("spec");
  const auto* versions = spec ? spec->find("versions") : nullptr;
  if (!versions || versions->items.empty()) return fail("no versions");
  for (const auto& version : versions->items) {
    if (!says(version, "storage")) continue;
    const Value* at = &version;
    for (const auto* step : {"schema", "openAPIV3Schema", "properties", "spec"}) {
      at = at ? at->find(step) : nullptr;
    }
    if (!at) return fail("no schema of a spec");
    Schema schema;
    schema.kind_ = spec->at("names", "kind");
    schema.namespaced_ = spec->at("scope") == "Namespaced";
    schema.spec_ = *at;
    return schema;
  }
  return fail("no stored version");
}

std::vector<Problem> Schema::apply(Value& spec, int line) const {
  std::vector<Problem> problems;
  Walk(problems, line).visit(spec, spec_, "spec");
  return problems;
}

const std::vector<Schema>& builtinSchemas() {
  static const auto schemas = [] {
    std::vector<Schema> all;
    // They are ours, and a test reads them: value() may throw.
    for (const auto crd : builtinCrds()) all.push_back(Schema::parse(crd).value());
    return all;
  }();
  return schemas;
}

const Schema* builtinSchema(std::string_view kind) {
  const auto& all = builtinSchemas();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Schema& schema) { return schema.kind() == kind; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace bailiwick::manifest
