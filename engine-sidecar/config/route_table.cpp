#include "config/route_table.hpp"

#include <algorithm>
#include <set>

#include "config/values.hpp"
#include "yaml/reader.hpp"

namespace bailiwick::sidecar {
namespace {

using yaml::Cursor;
using yaml::Fields;

constexpr int million = 1'000'000;
constexpr std::size_t maxCountries = 512, maxClasses = 64, maxPaths = 256;
constexpr std::int64_t pebi = std::int64_t{1} << 50;

template <class Read>
void readList(const Cursor& at, std::size_t most, Read readOne, std::vector<std::string>& out) {
  at.items([&](const Cursor& item) { readOne(item, out.emplace_back()); });
  refuseRepeats(at, out);
  if (out.size() > most) at.fail("lists more than " + std::to_string(most));
}

void readClass(const Cursor& at, std::string& out) {
  std::string text;
  if (!at.read(text)) return;
  if (!isClass(text)) return at.fail("must be a residency class such as eu-personal");
  out = std::move(text);
}

void readResidency(const Cursor& at, Residency& out) {
  Fields fields(at);
  if (const auto list = fields.required("jurisdictions")) {
    readList(*list, maxCountries, readCountry, out.jurisdictions);
    if (list->node().kind == yaml::Node::Kind::List && out.jurisdictions.empty())
      list->fail("must list at least one country");
  }
  if (const auto list = fields.optional("classes"))
    readList(*list, maxClasses, readClass, out.classes);
  fields.finish();
}

template <class T>
struct Word {
  std::string_view text;
  T value;
};
constexpr Word<BackendKind> kinds[] = {{"Engine", BackendKind::Engine},
                                       {"Peer", BackendKind::Peer},
                                       {"External", BackendKind::External}};
constexpr Word<Mode> modes[] = {{"Priority", Mode::Priority}, {"Weighted", Mode::Weighted}};

template <class T, std::size_t N>
void readWord(const Cursor& at, const Word<T> (&words)[N], T& out) {
  std::string text;
  if (!at.read(text)) return;
  std::string known;
  for (const auto& word : words) {
    if (word.text == text) {
      out = word.value;
      return;
    }
    known.append(known.empty() ? "" : ", ").append(word.text);
  }
  at.fail("must be one of " + known);
}

// Each kind has the keys that mean something for it and no other: an Engine is always here.
void readByKind(Fields& fields, Backend& out) {
  const auto may = [&](std::string_view key, auto read, std::string& value) {
    if (const auto at = fields.optional(key)) read(*at, value);
  };
  const auto need = [&](std::string_view key, auto read, std::string& value) {
    if (const auto at = fields.required(key)) read(*at, value);
  };
  may("caFile", readFilePath, out.caFile);
  if (out.kind == BackendKind::Engine) return;
  need("jurisdiction", readCountry, out.jurisdiction);
  if (out.kind == BackendKind::Peer) {
    need("region", readLabel, out.region);
    may("serverName", readToken, out.serverName);
  } else {
    may("region", readToken, out.region);
    may("keyFile", readFilePath, out.keyFile);
  }
}

void checkUrl(const Cursor& at, const Backend& backend) {
  const bool plainAllowed = backend.kind == BackendKind::Engine ||
                            (backend.kind == BackendKind::Peer && backend.url->loopback());
  if (!backend.url->tls && !plainAllowed)
    at.fail("must be https: plain http is for engines here and peers on loopback");
  if (backend.kind != BackendKind::External && !backend.url->path.empty())
    at.fail("must have no path");
}

void readBackend(const Cursor& item, Backend& out) {
  Fields fields(item);
  if (const auto at = fields.required("name")) readToken(*at, out.name);
  if (const auto at = fields.required("kind")) readWord(*at, kinds, out.kind);
  const auto url =
      out.kind == BackendKind::Engine ? fields.optional("url") : fields.required("url");
  if (url) readUrl(*url, out.url);
  readByKind(fields, out);
  if (const auto at = fields.required("variant")) readToken(*at, out.variant);
  if (const auto at = fields.optional("model")) readToken(*at, out.model);
  if (const auto at = fields.optional("priority")) readInt(*at, 0, million, out.priority);
  if (const auto at = fields.optional("weight")) readInt(*at, 0, million, out.weight);
  fields.finish();
  if (out.url) checkUrl(*url, out);
  if (out.kind == BackendKind::Peer && out.url && out.url->tls && !item.node().find("caFile"))
    item.fail("caFile is missing: a peer is checked against its own authority, not the system's");
}

void readBackends(const Cursor& list, std::vector<Backend>& out) {
  std::set<std::string> names;
  bool own = false;
  list.items([&](const Cursor& item) {
    Backend& backend = out.emplace_back();
    readBackend(item, backend);
    if (!backend.name.empty() && !names.insert(backend.name).second)
      item.fail("name " + backend.name + " is given twice");
    if (backend.kind != BackendKind::Engine || item.node().find("url")) return;
    if (own) item.fail("is the second Engine without url; one's own engine is one");
    own = true;
  });
  if (out.size() > maxBackends) list.fail("lists more than " + std::to_string(maxBackends));
}

void readTls(const Cursor& at, std::optional<ClientTls>& out) {
  Fields fields(at);
  ClientTls& tls = out.emplace();
  if (const auto file = fields.required("certFile")) readFilePath(*file, tls.certFile);
  if (const auto file = fields.required("keyFile")) readFilePath(*file, tls.keyFile);
  fields.finish();
}

void readShadow(const Cursor& at, const std::vector<Backend>& backends,
                std::optional<ShadowRule>& out) {
  Fields fields(at);
  ShadowRule& shadow = out.emplace();
  if (const auto name = fields.required("backend")) {
    const auto known = [&](const Backend& backend) { return backend.name == shadow.backend; };
    if (name->read(shadow.backend) && std::none_of(backends.begin(), backends.end(), known))
      name->fail("there is no backend " + shadow.backend);
  }
  if (const auto percent = fields.required("percent")) readInt(*percent, 0, 100, shadow.percent);
  fields.finish();
}

void readLimits(const Cursor& at, std::optional<RequestLimits>& out) {
  Fields fields(at);
  RequestLimits& limits = out.emplace();
  if (const auto time = fields.required("requestTimeout")) readDuration(*time, limits.requestTimeout);
  if (const auto size = fields.required("maxBodySize")) readSize(*size, 1, pebi, limits.maxBodySize);
  fields.finish();
}

void readGeneration(const Cursor& at, std::int64_t& out) {
  at.read(out);
  if (out < 0) at.fail("must not be negative");
}

void readTable(const Cursor& root, RouteTable& out) {
  Fields fields(root);
  if (const auto at = fields.required("servedName")) readToken(*at, out.servedName);
  if (const auto at = fields.required("generation")) readGeneration(*at, out.generation);
  if (const auto at = fields.optional("mode")) readWord(*at, modes, out.mode);
  if (const auto at = fields.required("residency")) readResidency(*at, out.residency);
  if (const auto at = fields.required("backends")) readBackends(*at, out.backends);
  if (const auto at = fields.optional("tls")) readTls(*at, out.tls);
  if (const auto at = fields.optional("shadow")) readShadow(*at, out.backends, out.shadow);
  if (const auto at = fields.optional("limits")) readLimits(*at, out.limits);
  if (const auto at = fields.optional("paths")) readList(*at, maxPaths, readRequestPath, out.paths);
  fields.finish();
}

}  // namespace

Result<RouteTable> parseRouteTable(const std::string& file, std::string_view text) {
  RouteTable table;
  yaml::Report report;
  yaml::readFile(file, text, report, [&](const Cursor& root) { readTable(root, table); });
  if (!report.empty()) return fail(report.text());
  return table;
}

std::optional<std::string> deploymentOfFile(std::string_view fileName) {
  constexpr std::string_view suffix = ".yaml";
  if (!fileName.ends_with(suffix)) return std::nullopt;
  fileName.remove_suffix(suffix.size());
  const std::size_t dot = fileName.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == fileName.size()) return std::nullopt;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  const std::string_view ns = fileName.substr(0, dot), name = fileName.substr(dot + 1);
  if (!std::all_of(ns.begin(), ns.end(), allowed)) return std::nullopt;
  if (!std::all_of(name.begin(), name.end(), allowed)) return std::nullopt;
  return std::string(ns).append("/").append(name);
}

}  // namespace bailiwick::sidecar
