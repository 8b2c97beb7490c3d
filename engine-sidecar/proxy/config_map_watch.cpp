#include "proxy/config_map_watch.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "log/log.hpp"
#include "proxy/fetch.hpp"
#include "proxy/files.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t maxLine = std::size_t{2} << 20;
constexpr std::chrono::milliseconds backoffMin{200}, backoffMax{10'000};
constexpr int watchSeconds = 240;
// Bookmarks come about once a minute; silence for longer is a connection that is dead.
constexpr std::chrono::seconds silence{100};

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

std::string textAt(const nlohmann::json& object, const char* outer, const char* inner) {
  const auto it = object.find(outer);
  if (it == object.end() || !it->is_object()) return {};
  const auto value = it->find(inner);
  return value != it->end() && value->is_string() ? value->get<std::string>() : std::string();
}

std::string requestOf(const ConfigMapName& name, const ClusterAccount& account) {
  return fmt::format(
      "GET /api/v1/namespaces/{}/configmaps?watch=1&allowWatchBookmarks=true"
      "&fieldSelector=metadata.name%3D{}&timeoutSeconds={} HTTP/1.1\r\nHost: {}\r\n"
      "Authorization: Bearer {}\r\nAccept: application/json\r\nUser-Agent: engine-sidecar\r\n\r\n",
      name.ns, name.name, watchSeconds, account.endpoint.serverName, account.token);
}

// Puts lines together and offers each table.
class Lines {
 public:
  explicit Lines(RouteFollower& source) : source_(source) {}

  bool take(std::string_view bytes) {
    buffer_.append(bytes);
    std::size_t begin = 0;
    for (std::size_t end; (end = buffer_.find('\n', begin)) != std::string::npos; begin = end + 1)
      if (!line(std::string_view(buffer_).substr(begin, end - begin))) return false;
    buffer_.erase(0, begin);
    if (buffer_.size() <= maxLine) return true;
    fault_ = "a line of the watch is longer than 2 MiB";
    return false;
  }
  const std::string& fault() const { return fault_; }
  bool heard() const { return heard_; }

 private:
  bool line(std::string_view text) {
    if (text.empty()) return true;
    const WatchEvent event = parseWatchLine(text);
    if (event.kind == WatchEvent::Kind::Broken) {
      fault_ = event.fault;
      return false;
    }
    heard_ = true;
    source_.confirm();
    if (event.kind == WatchEvent::Kind::Table) source_.offer(event.uid, event.text);
    return true;
  }

  RouteFollower& source_;
  std::string buffer_;
  std::string fault_;
  bool heard_ = false;
};

}  // namespace

WatchEvent parseWatchLine(std::string_view line) {
  WatchEvent event;
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("object") || !json["object"].is_object()) {
    event.fault = "a line of the watch is no event";
    return event;
  }
  const auto& object = json["object"];
  const auto type = json.find("type");
  const std::string kind =
      type != json.end() && type->is_string() ? type->get<std::string>() : std::string();
  if (kind == "ERROR") {
    const auto message = object.find("message");
    event.fault = message != object.end() && message->is_string() ? message->get<std::string>()
                                                                  : "the watch ended with an error";
    return event;
  }
  event.kind = WatchEvent::Kind::Alive;
  if (kind != "ADDED" && kind != "MODIFIED") return event;
  event.uid = textAt(object, "metadata", "uid");
  event.text = textAt(object, "data", "routes.yaml");
  if (!event.uid.empty() && !event.text.empty()) event.kind = WatchEvent::Kind::Table;
  return event;
}

Result<ClusterAccount> inClusterAccount(ClientContexts& contexts) {
  const std::string folder =
      environment("BAILIWICK_SERVICE_ACCOUNT", "/var/run/secrets/kubernetes.io/serviceaccount");
  ClusterAccount account;
  account.endpoint.host = environment("KUBERNETES_SERVICE_HOST", "");
  account.endpoint.serverName = account.endpoint.host;
  const std::string port = environment("KUBERNETES_SERVICE_PORT", "443");
  const auto [rest, error] =
      std::from_chars(port.data(), port.data() + port.size(), account.endpoint.port);
  if (account.endpoint.host.empty() || error != std::errc{} || rest != port.data() + port.size())
    return fail(
        "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT do not name an API server; "
        "routes.configMap needs a pod with a service account");
  const auto context = contexts.get({folder + "/ca.crt", "", ""});
  if (!context) return tl::unexpected(context.error());
  account.endpoint.tls = *context;
  const auto token = readFile(folder + "/token");
  if (!token) return tl::unexpected(token.error());
  account.token = token->substr(0, token->find_first_of("\r\n"));
  return account;
}

Task<void> watchConfigMap(Core& core, RouteFollower& source) {
  ClientContexts contexts;
  asio::steady_timer timer(core.io);
  boost::system::error_code ec;
  std::chrono::milliseconds backoff = backoffMin;
  std::string told;
  while (true) {
    Lines lines(source);
    std::string fault;
    if (const auto account = inClusterAccount(contexts)) {
      const Fetched fetched = co_await fetch(
          core, account->endpoint, requestOf(*core.plane.config.routes.configMap, *account),
          silence, true, [&lines](int status, std::string_view bytes) {
            return status != 200 || lines.take(bytes);
          });
      fault = fetched.status != 0 && fetched.status != 200
                  ? fmt::format("the API server answered {}", fetched.status)
              : !lines.fault().empty() ? lines.fault()
                                       : fetched.fault;
    } else {
      fault = account.error().message;
    }
    if (lines.heard()) backoff = backoffMin;
    if (!fault.empty() && fault != told)
      log::warn("the watch of the route table failed; the last known table holds",
                {{"error", fault}});
    told = fault;
    const auto jitter = std::chrono::milliseconds(core.random.below(backoff.count() / 2 + 1));
    timer.expires_after(backoff / 2 + jitter);
    co_await timer.async_wait(asio::redirect_error(useAwaitable, ec));
    backoff = std::min(backoff * 2, backoffMax);
  }
}

}  // namespace bailiwick::sidecar
