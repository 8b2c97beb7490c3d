#include "proxy/route_book.hpp"

#include <fmt/format.h>

#include "proxy/files.hpp"

namespace bailiwick::sidecar {
namespace {

std::string endpointKey(const Url& url, const ClientFiles& files, const std::string& serverName,
                        const SSL_CTX* context) {
  return fmt::format("{}:{} {} {} {} {}", url.host, url.port, serverName, files.caFile,
                     files.certFile, static_cast<const void*>(context));
}

std::string answerHeadersOf(const Target& target, const std::string& servedName) {
  const std::string& model = target.model.empty() ? servedName : target.model;
  return fmt::format(
      "x-bailiwick-region: {}\r\nx-bailiwick-jurisdiction: {}\r\nx-bailiwick-variant: {}\r\n"
      "x-bailiwick-model: {}\r\n",
      target.region, target.jurisdiction, target.variant, model);
}

Result<std::string> readBearer(const std::string& file) {
  return readFile(file).and_then([&](const std::string& text) -> Result<std::string> {
    std::string_view key = text;
    while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' '))
      key.remove_suffix(1);
    for (const char c : key)
      if (c <= ' ' || c > '~') return fail(file + " holds no key: one line of visible characters");
    if (key.empty()) return fail(file + " is empty; it must hold the provider's key");
    return std::string(key);
  });
}

Way wayTo(const Target& target, const RouteTable& table, ClientContexts& contexts) {
  Way way;
  const Url& url = target.url;
  way.authority = url.authority();
  way.answerHeaders = answerHeadersOf(target, table.servedName);
  way.endpoint.host = url.host;
  way.endpoint.port = url.port;
  way.endpoint.publicOnly = target.backend.kind == BackendKind::External;
  ClientFiles files;
  if (url.tls) {
    files.caFile = target.backend.caFile;
    if (target.backend.kind == BackendKind::Peer && table.tls) {
      files.certFile = table.tls->certFile;
      files.keyFile = table.tls->keyFile;
    }
    way.endpoint.serverName =
        target.backend.serverName.empty() ? url.host : target.backend.serverName;
    if (auto context = contexts.get(files)) {
      way.endpoint.tls = *context;
    } else {
      way.fault = context.error().message;
    }
  }
  if (!target.backend.keyFile.empty()) {
    if (auto bearer = readBearer(target.backend.keyFile)) {
      way.bearer = *bearer;
    } else {
      way.fault = bearer.error().message;
    }
  }
  way.endpoint.key = endpointKey(url, files, way.endpoint.serverName, way.endpoint.tls.get());
  return way;
}

}  // namespace

bool Table::knowsModel(std::string_view name, bool ofTargets) const {
  if (name == routes.table().servedName) return true;
  if (!ofTargets) return false;
  for (const Target& target : routes.targets())
    if (target.model == name) return true;
  return false;
}

std::shared_ptr<const Table> RouteBook::find(std::string_view deployment) const {
  const auto it = tables_.find(deployment);
  return it == tables_.end() ? nullptr : it->second;
}

std::shared_ptr<const Table> makeTable(Routes routes, std::string deployment,
                                       std::shared_ptr<const Freshness> freshness,
                                       ClientContexts& contexts) {
  auto table = std::make_shared<Table>(
      Table{std::move(deployment), std::move(routes), {}, std::move(freshness)});
  table->paths = Paths(table->routes.table().paths);
  for (const Target& target : table->routes.targets())
    table->ways.push_back(wayTo(target, table->routes.table(), contexts));
  return table;
}

}  // namespace bailiwick::sidecar
