#include "manifest/manifests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "api/decode.hpp"
#include "api/labels.hpp"
#include "manifest/documents.hpp"
#include "manifest/schema.hpp"
#include "manifest/similar.hpp"

namespace bailiwick::manifest {
namespace {

// The line of what a path of a decoder's error names, as far as it leads.
int lineAt(const Value& root, std::string_view path) {
  const Value* at = &root;
  int line = root.line;
  while (at && !path.empty()) {
    if (path.front() == '[') {
      std::size_t index = 0;
      std::from_chars(path.data() + 1, path.data() + path.size(), index);
      at = index < at->items.size() ? &at->items[index] : nullptr;
      path.remove_prefix(std::min(path.size(), path.find(']') + 1));
    } else {
      const auto end = std::min(path.size(), path.find_first_of(".["));
      at = at->find(path.substr(0, end));
      path.remove_prefix(end);
    }
    if (path.starts_with('.')) path.remove_prefix(1);
    if (at && at->line > 0) line = at->line;
  }
  return line;
}

template <class T>
std::string decodeError(const Entry& entry, Result<T> (*decode)(simdjson::dom::element)) {
  const auto decoded = decodeEntry<T>(entry, decode);
  return decoded ? decoded->decodeError : decoded.error().message;
}

// What the operator could not read although the schema lets it pass.
std::string decodeError(const Entry& entry) {
  if (entry.kind == "ModelDeployment") return decodeError(entry, api::decodeModelDeployment);
  if (entry.kind == "ModelPassport") return decodeError(entry, api::decodeModelPassport);
  if (entry.kind == "Region") return decodeError(entry, api::decodeRegion);
  if (entry.kind == "SovereigntyPolicy") return decodeError(entry, api::decodeSovereigntyPolicy);
  if (entry.kind == "ExitOrder") return decodeError(entry, api::decodeExitOrder);
  return "";
}

bool isDnsName(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), good) &&
         std::isalnum(static_cast<unsigned char>(name.front())) &&
         std::isalnum(static_cast<unsigned char>(name.back()));
}

class Reader {
 public:
  Reader(const Namespaces& namespaces, Manifests& out) : namespaces_(namespaces), out_(out) {}

  void readSource(const Source& source) {
    file_ = &source.name;
    auto documents = readDocuments(source.text);
    for (auto& problem : documents.problems) {
      find(problem.line, "", problem.path, std::move(problem.message));
    }
    for (auto& root : documents.roots) readObject(std::move(root));
  }

 private:
  void find(int line, std::string object, std::string path, std::string message) {
    out_.findings.push_back(
        {{*file_, line}, std::move(object), std::move(path), std::move(message)});
  }

  void readObject(Value root) {
    if (!root.isMap()) {
      return find(root.line, "", "", fmt::format("must be an object, is {}", typeName(root.type)));
    }
    const auto kind = root.at("kind");
    if (auto* items = root.find("items"); items && items->isList() && kind.ends_with("List")) {
      for (auto& item : items->items) readObject(std::move(item));
      return;
    }
    Entry entry;
    entry.apiVersion = root.at("apiVersion");
    entry.kind = kind;
    entry.origin = {*file_, root.line};
    entry.value = std::move(root);
    readEntry(std::move(entry));
  }

  void readEntry(Entry entry) {
    const int line = entry.origin.line;
    for (const auto* field : {"apiVersion", "kind"}) {
      if (entry.value.at(field).empty()) return find(line, "", field, "is required");
    }
    entry.key = {std::string(entry.value.at("metadata", "namespace")),
                 std::string(entry.value.at("metadata", "name"))};
    const auto* schema = builtinSchema(entry.kind);
    entry.ours = schema && entry.apiVersion == api::names::apiVersion;
    if (entry.ours) judge(entry, *schema);
    if (!entry.ours && entry.apiVersion.starts_with(std::string(api::names::group) + "/")) stranger(entry);
    out_.entries.push_back(std::move(entry));
  }

  void stranger(const Entry& entry) {
    std::vector<std::string> kinds;
    for (const auto& schema : builtinSchemas()) kinds.push_back(schema.kind());
    const auto meant = mostSimilar(entry.kind, kinds);
    if (entry.apiVersion != api::names::apiVersion) {
      return find(entry.origin.line, entry.str(), "apiVersion",
                  fmt::format("is {}; this program knows {}", entry.apiVersion, api::names::apiVersion));
    }
    find(entry.origin.line, entry.str(), "kind",
         fmt::format("is no kind of bailiwick.dev{}",
                     meant.empty() ? "" : fmt::format("; {} is meant?", meant)));
  }

  void judge(Entry& entry, const Schema& schema) {
    const auto before = out_.findings.size();
    judgeMetadata(entry, schema);
    for (const auto& [name, field] : entry.value.fields) {
      if (name == "apiVersion" || name == "kind" || name == "metadata" || name == "spec" ||
          name == "status") {
        continue;
      }
      find(field.line, entry.str(), name, "is no field; there are metadata and spec");
    }
    if (auto* spec = entry.value.find("spec")) {
      for (auto& problem : schema.apply(*spec, entry.origin.line)) {
        find(problem.line, entry.str(), std::move(problem.path), std::move(problem.message));
      }
    } else {
      find(entry.origin.line, entry.str(), "spec", "is required");
    }
    if (out_.findings.size() == before) judgeDecoded(entry);
    judgeUnique(entry);
    entry.sound = out_.findings.size() == before;
  }

  void judgeDecoded(const Entry& entry) {
    auto error = decodeError(entry);
    if (error.empty()) return;
    const auto colon = error.find(": ");
    const auto path = colon == std::string::npos ? "" : error.substr(0, colon);
    const bool known = path.starts_with("spec");
    find(lineAt(entry.value, known ? path : ""), entry.str(), known ? path : "",
         known ? error.substr(colon + 2) : error);
  }

  void judgeMetadata(Entry& entry, const Schema& schema) {
    auto* metadata = entry.value.find("metadata");
    if (!metadata || !metadata->isMap()) {
      return find(entry.origin.line, entry.str(), "metadata", "must be a map with a name");
    }
    static constexpr std::array known{
        "name",          "namespace",       "labels",          "annotations",
        "finalizers",    "ownerReferences", "generateName",    "uid",
        "generation",    "resourceVersion", "creationTimestamp", "deletionTimestamp",
        "managedFields", "selfLink",        "deletionGracePeriodSeconds"};
    for (const auto& [name, field] : metadata->fields) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        find(field.line, entry.str(), "metadata." + name,
             fmt::format("is no field{}", similarHint(name, {known.begin(), known.end()})));
      }
      if (name == "labels" || name == "annotations") judgeWords(entry, name, field);
    }
    const auto* name = metadata->find("name");
    if (!name || !isDnsName(entry.key.name)) {
      find(name ? name->line : metadata->line, entry.str(), "metadata.name",
           name ? fmt::format("\"{}\" is no name: write lower-case letters, digits, - and .",
                              name->text)
                : "is required");
    }
    place(entry, *metadata, schema);
  }

  static std::string similarHint(const std::string& name, std::vector<std::string> known) {
    const auto meant = mostSimilar(name, known);
    return meant.empty() ? "" : fmt::format("; {} is meant?", meant);
  }

  void judgeWords(const Entry& entry, const std::string& name, const Value& words) {
    for (const auto& [key, word] : words.fields) {
      if (word.isText()) continue;
      find(word.line, entry.str(), fmt::format("metadata.{}.{}", name, key),
           fmt::format("must be a text, is {}; write \"{}\"", typeName(word.type), word.text));
    }
  }

  void place(Entry& entry, Value& metadata, const Schema& schema) {
    const auto* ns = metadata.find("namespace");
    if (!schema.namespaced()) {
      if (ns && !ns->text.empty()) {
        find(ns->line, entry.str(), "metadata.namespace",
             fmt::format("a {} belongs to no namespace: remove it", entry.kind));
      }
      entry.key.ns.clear();
      return;
    }
    if (entry.key.ns.empty()) {
      entry.key.ns = namespaces_.standard;
      Value value;
      value.type = Value::Type::String;
      value.text = namespaces_.standard;
      std::erase_if(metadata.fields, [](const auto& field) { return field.name == "namespace"; });
      metadata.fields.push_back({"namespace", std::move(value)});
    } else if (namespaces_.enforced && entry.key.ns != namespaces_.standard) {
      find(ns->line, entry.str(), "metadata.namespace",
           fmt::format("is {}, but -n says {}: leave one out", entry.key.ns,
                       namespaces_.standard));
    }
  }

  void judgeUnique(const Entry& entry) {
    const auto [first, isNew] = seen_.try_emplace({entry.kind, entry.key}, entry.origin);
    if (isNew) return;
    find(entry.origin.line, entry.str(), "",
         fmt::format("is also in {}: only one of them can be meant", first->second.str()));
  }

  const Namespaces& namespaces_;
  Manifests& out_;
  const std::string* file_ = nullptr;
  std::map<std::pair<std::string, api::Key>, Origin> seen_;
};

}  // namespace

std::string jsonText(const Entry& entry) {
  return toJson(entry.value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Manifests read(const std::vector<Source>& sources, const Namespaces& namespaces) {
  Manifests manifests;
  Reader reader(namespaces, manifests);
  for (const auto& source : sources) reader.readSource(source);
  return manifests;
}

}  // namespace bailiwick::manifest
