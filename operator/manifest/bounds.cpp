#include "manifest/bounds.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <map>

#include "manifest/builtin_crds.hpp"
#include "manifest/documents.hpp"

namespace bailiwick::manifest {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using Node = Bounds::Node;
using Type = Bounds::Type;

// As Kubernetes bounds them, or, where it has no bound, more than anybody uses.
constexpr std::int64_t maxName = 253, maxLabel = 63, maxUid = 64, maxLabelKey = 317, maxEntries = 256,
                       maxAnnotation = 256 << 10, maxFinalizers = 64, maxTime = 64, maxManager = 128;
// Of an unknown word or name that an error repeats.
constexpr std::size_t maxShown = 64;

Type typeNamed(std::string_view name) {
  if (name == "object") return Type::Object;
  if (name == "array") return Type::List;
  if (name == "string") return Type::Text;
  if (name == "integer") return Type::Integer;
  if (name == "number") return Type::Number;
  if (name == "boolean") return Type::Boolean;
  return Type::Any;
}

std::optional<std::int64_t> numberAt(const Value& schema, std::string_view name) {
  const auto* value = schema.find(name);
  return value && value->type == Value::Type::Int ? std::optional(value->integer) : std::nullopt;
}

Node nodeOf(const Value& schema) {
  Node node;
  node.type = typeNamed(schema.at("type"));
  const auto bounded = [&](std::string_view least, std::string_view most) {
    node.least = numberAt(schema, least);
    node.most = numberAt(schema, most);
  };
  if (node.type == Type::Text) bounded("minLength", "maxLength");
  if (node.type == Type::List) bounded("minItems", "maxItems");
  if (node.type == Type::Object) bounded("minProperties", "maxProperties");
  if (node.type == Type::Integer) bounded("minimum", "maximum");
  if (const auto* words = schema.find("enum"); words && node.type == Type::Text) {
    for (const auto& word : words->items) node.words.push_back(word.text);
  }
  if (const auto* properties = schema.find("properties")) {
    for (const auto& [name, field] : properties->fields) {
      node.fields.push_back({name, nodeOf(field)});
    }
  }
  for (const auto* name : {"items", "additionalProperties"}) {
    const auto* each = schema.find(name);
    if (each && each->isMap()) node.every.push_back(nodeOf(*each));
  }
  return node;
}

Node text(std::int64_t most, std::int64_t least = 0) { return {Type::Text, least, most, {}, {}, {}}; }
Node list(std::int64_t most, Node each) {
  return {Type::List, {}, most, {}, {}, {std::move(each)}};
}
Node map(std::int64_t most, Node each) {
  return {Type::Object, {}, most, {}, {}, {std::move(each)}};
}

Node* field(Node& node, std::string_view name) {
  const auto found = std::find_if(node.fields.begin(), node.fields.end(),
                                  [&](const auto& entry) { return entry.name == name; });
  return found == node.fields.end() ? nullptr : &found->node;
}

// `narrower`: what the CRD says of the name.
Node metadataOf(const Node* narrower, bool namespaced) {
  Node meta;
  meta.type = Type::Object;
  Node number;
  number.type = Type::Integer;
  Node owner, manager;
  owner.type = manager.type = Type::Object;
  owner.fields = {{"uid", text(maxUid)}};
  manager.fields = {{"manager", text(maxManager)}, {"operation", text(maxManager)}};
  meta.fields = {{"name", text(narrower && narrower->most ? *narrower->most : maxName, 1)},
                 {"namespace", text(namespaced ? maxLabel : 0)},
                 {"uid", text(maxUid)},
                 {"resourceVersion", text(maxUid)},
                 {"generation", number},
                 {"creationTimestamp", text(maxTime)},
                 {"deletionTimestamp", text(maxTime)},
                 {"labels", map(maxEntries, text(maxLabel))},
                 {"annotations", map(maxEntries, text(maxAnnotation))},
                 {"finalizers", list(maxFinalizers, text(maxLabelKey))},
                 {"ownerReferences", list(maxEntries, owner)},
                 {"managedFields", list(maxEntries, manager)}};
  return meta;
}

std::int64_t characters(std::string_view utf8) {
  return std::count_if(utf8.begin(), utf8.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

class Walk {
 public:
  // Empty: all is within.
  const std::string& problem() const { return problem_; }

  // A null is for the decoder to judge.
  void visit(element value, const Node& node) {
    if (!problem_.empty() || value.is_null()) return;
    switch (node.type) {
      case Type::Any: return;
      case Type::Object: return map(value, node);
      case Type::List: return list(value, node);
      case Type::Text: return text(value, node);
      case Type::Integer: return integer(value, node);
      case Type::Number: return typed(value.is_number(), "a number");
      case Type::Boolean: return typed(value.is_bool(), "true or false");
    }
  }

 private:
  void tell(std::string_view what) {
    if (problem_.empty()) problem_ = path_.empty() ? std::string(what) : fmt::format("{}: {}", path_, what);
  }
  void typed(bool good, std::string_view wanted) {
    if (!good) tell(fmt::format("must be {}", wanted));
  }

  void within(std::int64_t is, const Node& node, std::string_view what) {
    if (node.most && is > *node.most) {
      tell(fmt::format("has {} {}, at most {} are allowed", is, what, *node.most));
    } else if (node.least && is < *node.least) {
      tell(fmt::format("has {} {}, at least {} are needed", is, what, *node.least));
    }
  }

  template <class Step>
  void below(const std::string& name, Step step) {
    const auto length = path_.size();
    path_ += name;
    step();
    path_.resize(length);
  }

  void map(element value, const Node& node) {
    simdjson::dom::object object;
    if (value.get(object) != simdjson::SUCCESS) return tell("must be an object");
    std::int64_t count = 0;
    std::vector<bool> seen(node.fields.size());
    for (const auto entry : object) {
      if (node.most && ++count > *node.most) {
        return tell(fmt::format("has more than {} entries", *node.most));
      }
      if (!problem_.empty()) return;
      const auto found = std::find_if(node.fields.begin(), node.fields.end(),
                                      [&](const auto& field) { return field.name == entry.key; });
      const bool known = found != node.fields.end();
      if (!known && node.every.empty()) continue;
      if (!known && entry.key.size() > maxLabelKey) return tell("has a key that is too long");
      below((path_.empty() ? "" : ".") + std::string(entry.key), [&] {
        if (!known) return visit(entry.value, node.every.front());
        const auto index = static_cast<std::size_t>(found - node.fields.begin());
        // A decoder would add the second to the first.
        if (seen[index]) return tell("is there twice");
        seen[index] = true;
        visit(entry.value, found->node);
      });
    }
  }

  void list(element value, const Node& node) {
    simdjson::dom::array array;
    if (value.get(array) != simdjson::SUCCESS) return tell("must be a list");
    within(static_cast<std::int64_t>(array.size()), node, "entries");
    if (node.every.empty()) return;
    std::size_t index = 0;
    for (const auto entry : array) {
      if (!problem_.empty()) return;
      below(fmt::format("[{}]", index++), [&] { visit(entry, node.every.front()); });
    }
  }

  void text(element value, const Node& node) {
    std::string_view is;
    if (value.get(is) != simdjson::SUCCESS) return tell("must be a text");
    within(characters(is), node, "characters");
    if (node.words.empty() || std::find(node.words.begin(), node.words.end(), is) != node.words.end()) {
      return;
    }
    tell(fmt::format("is {}, must be {}", is.size() > maxShown ? "another word" : is,
                     fmt::join(node.words, " or ")));
  }

  void integer(element value, const Node& node) {
    std::int64_t is = 0;
    if (value.get(is) != simdjson::SUCCESS) return tell("must be an integer");
    if (node.most && is > *node.most) tell(fmt::format("is {}, must be at most {}", is, *node.most));
    if (node.least && is < *node.least) tell(fmt::format("is {}, must be at least {}", is, *node.least));
  }

  std::string path_, problem_;
};

bool isPlain(char c, bool capitals) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (capitals && c >= 'A' && c <= 'Z');
}

// RFC 1123: words of small letters, digits and -, which begin and end with a letter or digit.
bool isName(std::string_view name, bool dots) {
  char before = '.';
  for (const char c : name) {
    const bool plain = isPlain(c, false);
    if (!plain && c != '-' && !(dots && c == '.')) return false;
    if (!plain && before == '.') return false;
    if (c == '.' && before == '-') return false;
    before = c;
  }
  return name.empty() || isPlain(before, false);
}

std::string_view at(element object, std::string_view name) {
  std::string_view value;
  if (object["metadata"][name].get(value) != simdjson::SUCCESS) return {};
  return value;
}

// What the lengths do not say of who it is.
std::string identityProblem(element object, bool namespaced) {
  const auto name = at(object, "name"), ns = at(object, "namespace"), uid = at(object, "uid");
  if (!isName(name, true)) return "metadata.name: is no name of a Kubernetes object";
  if (!isName(ns, false) || ns.empty() == namespaced) {
    return "metadata.namespace: is no name of a namespace";
  }
  const bool plain = std::all_of(uid.begin(), uid.end(),
                                 [](char c) { return c == '-' || isPlain(c, true); });
  return plain ? "" : "metadata.uid: must be letters, digits and - only";
}

}  // namespace

Result<Bounds> Bounds::parse(std::string_view crd) {
  const auto documents = readDocuments(crd);
  if (!documents.problems.empty()) return fail(documents.problems.front().message);
  if (documents.roots.size() != 1) return fail("a CustomResourceDefinition is one document");
  const auto* spec = documents.roots.front().find("spec");
  const auto* versions = spec ? spec->find("versions") : nullptr;
  if (!versions) return fail("no versions");
  for (const auto& version : versions->items) {
    const auto* stored = version.find("storage");
    const auto* schema = version.find("schema");
    const auto* root = schema ? schema->find("openAPIV3Schema") : nullptr;
    if (!stored || !stored->boolean || !root) continue;
    Bounds bounds;
    bounds.kind_ = spec->at("names", "kind");
    bounds.namespaced_ = spec->at("scope") == "Namespaced";
    bounds.root_ = nodeOf(*root);
    auto* metadata = field(bounds.root_, "metadata");
    auto whole = metadataOf(metadata ? field(*metadata, "name") : nullptr, bounds.namespaced_);
    if (metadata) {
      *metadata = std::move(whole);
    } else {
      bounds.root_.fields.push_back({"metadata", std::move(whole)});
    }
    return bounds;
  }
  return fail("no stored version");
}

Result<void> Bounds::check(element object) const {
  Walk walk;
  walk.visit(object, root_);
  const auto problem =
      walk.problem().empty() ? identityProblem(object, namespaced_) : walk.problem();
  if (problem.empty()) return {};
  const auto name = at(object, "name");
  return fail(fmt::format("{}{}: {}", kind_,
                          name.empty() || name.size() > maxName ? "" : " " + std::string(name),
                          problem));
}

const Bounds& builtinBounds(std::string_view kind) {
  static const auto all = [] {
    std::map<std::string, Bounds, std::less<>> bounds;
    // They are ours, and a test reads them: value() may throw.
    for (const auto crd : builtinCrds()) {
      auto one = Bounds::parse(crd).value();
      auto name = one.kind();
      bounds.emplace(std::move(name), std::move(one));
    }
    return bounds;
  }();
  return all.find(kind)->second;
}

}  // namespace bailiwick::manifest
