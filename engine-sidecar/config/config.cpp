#include "config/config.hpp"

#include <algorithm>

#include "config/values.hpp"
#include "yaml/reader.hpp"

namespace bailiwick::sidecar {
namespace {

using yaml::Cursor;
using yaml::Fields;

constexpr int million = 1'000'000;
constexpr std::size_t maxPaths = 256;
constexpr std::int64_t kibi = 1024, mebi = kibi << 10, pebi = mebi << 30;

// A field that a reader of values.hpp understands.
template <class T, class Read>
void may(Fields& fields, std::string_view key, Read read, T& out) {
  if (const auto at = fields.optional(key)) read(*at, out);
}
template <class T, class Read>
void need(Fields& fields, std::string_view key, Read read, T& out) {
  if (const auto at = fields.required(key)) read(*at, out);
}

void mayInt(Fields& fields, std::string_view key, int least, int most, int& out) {
  if (const auto at = fields.optional(key)) readInt(*at, least, most, out);
}

void readExactly(Fields& fields, std::string_view key, const std::string& wanted) {
  std::string text = wanted;
  if (const auto at = fields.required(key); at && at->read(text) && text != wanted)
    at->fail("must be " + wanted);
}

enum class Clients { Anybody, Peers };

void readTls(const Cursor& at, Clients clients, std::optional<ServerTls>& out) {
  Fields fields(at);
  ServerTls& tls = out.emplace();
  need(fields, "certFile", readFilePath, tls.certFile);
  need(fields, "keyFile", readFilePath, tls.keyFile);
  may(fields, "clientCAFile", readFilePath, tls.clientCaFile);
  if (clients == Clients::Peers) may(fields, "clientCAFolder", readFilePath, tls.clientCaFolder);
  fields.finish();
  if (clients != Clients::Peers || at.node().kind != yaml::Node::Kind::Map) return;
  const bool file = at.node().find("clientCAFile") != nullptr;
  if (file == (at.node().find("clientCAFolder") != nullptr))
    at.fail("must have either clientCAFile or clientCAFolder");
}

void readData(const Cursor& at, Listener& out) {
  Fields fields(at);
  need(fields, "listen", readAddress, out.listen);
  if (const auto tls = fields.optional("tls")) readTls(*tls, Clients::Anybody, out.tls);
  fields.finish();
}

void readPeers(const Cursor& at, std::optional<Listener>& out) {
  Fields fields(at);
  Listener& listener = out.emplace();
  need(fields, "listen", readAddress, listener.listen);
  if (const auto tls = fields.required("tls")) readTls(*tls, Clients::Peers, listener.tls);
  fields.finish();
}

void readListen(const Cursor& at, Address& out) {
  Fields fields(at);
  need(fields, "listen", readAddress, out);
  fields.finish();
}

void readDeployment(const Cursor& at, std::string& out) {
  std::string text;
  if (!at.read(text)) return;
  const std::size_t slash = text.find('/');
  const bool two = slash != std::string::npos && slash > 0 && slash + 1 < text.size() &&
                   text.find('/', slash + 1) == std::string::npos;
  if (!two || text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-/") != std::string::npos)
    return at.fail("must be NAMESPACE/NAME");
  out = std::move(text);
}

void readIdentity(const Cursor& at, bool hasEngine, Identity& out) {
  Fields fields(at);
  need(fields, "region", readLabel, out.region);
  need(fields, "jurisdiction", readCountry, out.jurisdiction);
  if (hasEngine) {
    need(fields, "deployment", readDeployment, out.deployment);
    need(fields, "variant", readLabel, out.variant);
  } else {
    may(fields, "deployment", readDeployment, out.deployment);
    may(fields, "variant", readLabel, out.variant);
  }
  fields.finish();
}

void readHealth(const Cursor& at, EngineHealth& out) {
  Fields fields(at);
  may(fields, "path", readRequestPath, out.path);
  may(fields, "interval", readDuration, out.interval);
  may(fields, "timeout", readDuration, out.timeout);
  fields.finish();
}

void readEngine(const Cursor& at, std::optional<Engine>& out) {
  Fields fields(at);
  Engine& engine = out.emplace();
  std::optional<Url> url;
  const auto where = fields.required("url");
  if (where) readUrl(*where, url);
  if (url && !url->path.empty()) where->fail("must have no path: it is the engine's own root");
  if (url) engine.url = *url;
  need(fields, "model", readToken, engine.model);
  if (const auto health = fields.optional("health")) readHealth(*health, engine.health);
  fields.finish();
}

void readConfigMap(const Cursor& at, std::optional<ConfigMapName>& out) {
  Fields fields(at);
  ConfigMapName& name = out.emplace();
  need(fields, "namespace", readLabel, name.ns);
  need(fields, "name", readToken, name.name);
  fields.finish();
}

void readRoutes(const Cursor& at, bool hasEngine, RouteSource& out) {
  Fields fields(at);
  may(fields, "file", readFilePath, out.file);
  may(fields, "maxAge", readDuration, out.maxAge);
  const auto folder = fields.optional("folder");
  const auto configMap = fields.optional("configMap");
  if (folder) readFilePath(*folder, out.folder);
  if (configMap) readConfigMap(*configMap, out.configMap);
  fields.finish();
  if (at.node().kind != yaml::Node::Kind::Map) return;
  const bool file = at.node().find("file") != nullptr;
  if (file == folder.has_value()) at.fail("must have either file or folder");
  if (folder && configMap) configMap->fail("goes with file, not with folder");
  if (folder && hasEngine)
    folder->fail("makes a gateway, which has no engine; write file, or leave engine out");
}

void readKeys(const Cursor& at, std::string& out) {
  Fields fields(at);
  need(fields, "keysFile", readFilePath, out);
  fields.finish();
}

void readLimits(const Cursor& at, Limits& out) {
  Fields fields(at);
  mayInt(fields, "maxInFlight", 1, million, out.maxInFlight);
  mayInt(fields, "maxQueued", 0, million, out.maxQueued);
  may(fields, "queueTimeout", readDurationOrOff, out.queueTimeout);
  may(fields, "requestTimeout", readDuration, out.requestTimeout);
  if (const auto size = fields.optional("maxBodySize")) readSize(*size, 1, pebi, out.maxBodySize);
  if (const auto size = fields.optional("maxHeaderSize"))
    readSize(*size, kibi, mebi, out.maxHeaderSize);
  mayInt(fields, "maxHeaders", 1, 10'000, out.maxHeaders);
  mayInt(fields, "maxInFlightPerKey", 1, million, out.maxInFlightPerKey);
  may(fields, "idleTimeout", readDuration, out.idleTimeout);
  may(fields, "headerTimeout", readDuration, out.headerTimeout);
  fields.finish();
}

void readOutliers(const Cursor& at, Outliers& out) {
  Fields fields(at);
  mayInt(fields, "consecutiveErrors", 1, million, out.consecutiveErrors);
  may(fields, "ejectFor", readDuration, out.ejectFor);
  may(fields, "slowStart", readDurationOrOff, out.slowStart);
  fields.finish();
}

void readDrain(const Cursor& at, DrainSettings& out) {
  Fields fields(at);
  may(fields, "timeout", readDuration, out.timeout);
  may(fields, "lameDuck", readDurationOrOff, out.lameDuck);
  may(fields, "terminationMessage", readFilePath, out.terminationMessage);
  fields.finish();
}

void readAccessLog(const Cursor& at, std::string& out) {
  Fields fields(at);
  if (const auto path = fields.required("path")) {
    std::string text;
    if (path->read(text) && text != "-") readFilePath(*path, out);
  }
  fields.finish();
}

void readPaths(const Cursor& at, std::vector<std::string>& out) {
  at.items([&](const Cursor& item) { readRequestPath(item, out.emplace_back()); });
  refuseRepeats(at, out);
  if (out.size() > maxPaths) at.fail("lists more than " + std::to_string(maxPaths));
}

void readRetry(const Cursor& at, RetrySettings& out) {
  Fields fields(at);
  if (const auto size = fields.optional("maxCopy")) readSize(*size, 0, pebi, out.maxCopy);
  if (const auto size = fields.optional("maxCopyTotal")) readSize(*size, 0, pebi, out.maxCopyTotal);
  fields.finish();
}

void readConfig(const Cursor& root, Config& out) {
  Fields fields(root);
  readExactly(fields, "apiVersion", "sidecar.bailiwick.dev/v1alpha1");
  readExactly(fields, "kind", "SidecarConfig");
  const auto engine = fields.optional("engine");
  const auto peers = fields.optional("peers");
  need(fields, "data", readData, out.data);
  may(fields, "admin", readListen, out.admin);
  may(fields, "observe", readListen, out.observe);
  if (const auto at = fields.required("identity"))
    readIdentity(*at, engine.has_value(), out.identity);
  if (engine) readEngine(*engine, out.engine);
  if (const auto at = fields.required("routes")) readRoutes(*at, engine.has_value(), out.routes);
  if (peers) readPeers(*peers, out.peers);
  may(fields, "auth", readKeys, out.keysFile);
  may(fields, "limits", readLimits, out.limits);
  may(fields, "outliers", readOutliers, out.outliers);
  may(fields, "drain", readDrain, out.drain);
  may(fields, "accessLog", readAccessLog, out.accessLog);
  may(fields, "paths", readPaths, out.paths);
  may(fields, "retry", readRetry, out.retry);
  fields.finish();
  if (peers && out.routes.folder.empty())
    peers->fail("belongs to a gateway: write routes.folder, or leave peers out");
}

}  // namespace

Result<Config> parseConfig(const std::string& file, std::string_view text) {
  Config config;
  yaml::Report report;
  yaml::readFile(file, text, report, [&](const Cursor& root) { readConfig(root, config); });
  if (!report.empty()) return fail(report.text());
  return config;
}

}  // namespace bailiwick::sidecar
