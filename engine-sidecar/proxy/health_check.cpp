#include "proxy/health_check.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "log/log.hpp"
#include "proxy/fetch.hpp"

namespace bailiwick::sidecar {
namespace {

// A redirect or "not modified" is no health: some engines answer 304 when they are not well.
ProbeResult resultOf(const Fetched& fetched) {
  if (fetched.refused) return ProbeResult::Refused;
  return fetched.status >= 200 && fetched.status < 300 ? ProbeResult::Passed : ProbeResult::Failed;
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

}  // namespace bailiwick::sidecar
