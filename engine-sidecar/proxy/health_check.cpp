#include "proxy/health_check.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>

#include "log/log.hpp"
#include "proxy/fetch.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr std::chrono::seconds reachEvery{5};
constexpr std::chrono::milliseconds reachWithin{1000};

// A redirect or "not modified" is no health: some engines answer 304 when they are not well.
ProbeResult resultOf(const Fetched& fetched) {
  if (fetched.refused) return ProbeResult::Refused;
  return fetched.status >= 200 && fetched.status < 300 ? ProbeResult::Passed : ProbeResult::Failed;
}

// Providers are not asked: who pays for a connection should have a request for it.
bool isAsked(const Target& target, const Way& way) {
  return !target.own && target.inside && target.backend.kind != BackendKind::External &&
         way.fault.empty();
}

// Through TLS, where there is some; nothing is sent, so that nobody logs a request.
Task<bool> isReachable(Core& core, const Endpoint& endpoint) {
  Waiter waiter(core.waiters);
  Deadline deadline(waiter);
  core.deadlines.add(deadline);
  deadline.set(std::chrono::steady_clock::now() + reachWithin);
  NeverStopped never;
  const Connected connected = co_await connect(core.io, endpoint, waiter, deadline, never);
  co_return connected.stream.isOpen();
}

}  // namespace

Task<void> checkEngine(Core& core) {
  const Engine& engine = *core.plane.config.engine;
  Health& health = *core.plane.ownHealth;
  Endpoint endpoint;
  endpoint.host = engine.url.host;
  endpoint.port = engine.url.port;
  const std::string request = "GET " + engine.url.path + engine.health.path +
                              " HTTP/1.1\r\nHost: " + engine.url.authority() +
                              "\r\nConnection: close\r\n\r\n";
  asio::steady_timer timer(core.io);
  boost::system::error_code ec;
  bool told = false, well = false;
  while (true) {
    const Instant begun = std::chrono::steady_clock::now();
    const Fetched fetched = co_await fetch(core, endpoint, request, engine.health.timeout, false,
                                           [](int, std::string_view) { return true; });
    const Instant now = std::chrono::steady_clock::now();
    health.probe(resultOf(fetched), now);
    const bool isWell =
        health.state(now) != HealthState::Down && health.state(now) != HealthState::Unknown;
    if (!told || isWell != well)
      log::info("the engine's health",
                {{"well", isWell}, {"status", fetched.status}, {"fault", fetched.fault}});
    told = true;
    well = isWell;
    timer.expires_at(begun + engine.health.interval);
    co_await timer.async_wait(asio::redirect_error(useAwaitable, ec));
  }
}

Task<void> checkOthers(Core& core) {
  asio::steady_timer timer(core.io);
  boost::system::error_code ec;
  while (true) {
    const auto book = core.book;
    std::map<std::string, bool> known;  // by the key of the endpoint, which tables may share
    for (const auto& [deployment, table] : book->tables()) {
      for (std::size_t i = 0; i < table->ways.size(); ++i) {
        const Target& target = table->routes.targets()[i];
        const Endpoint& endpoint = table->ways[i].endpoint;
        if (!isAsked(target, table->ways[i])) continue;
        auto it = known.find(endpoint.key);
        if (it == known.end()) {
          const bool reachable = co_await isReachable(core, endpoint);
          it = known.emplace(endpoint.key, reachable).first;
        }
        target.health->reach(it->second, std::chrono::steady_clock::now());
      }
    }
    timer.expires_after(reachEvery);
    co_await timer.async_wait(asio::redirect_error(useAwaitable, ec));
  }
}

}  // namespace bailiwick::sidecar
