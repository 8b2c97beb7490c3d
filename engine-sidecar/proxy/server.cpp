#include "proxy/server.hpp"

#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <random>

#include "log/log.hpp"
#include "metrics/exposition.hpp"
#include "proxy/config_map_watch.hpp"
#include "proxy/health_check.hpp"
#include "proxy/state.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr std::chrono::milliseconds pollEvery{500};
constexpr std::chrono::milliseconds lastAnswers{200};  // to those who wait for the drain's end
constexpr int maxWickets = 128;

void raiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// What runs as long as the process: an exception costs a second and not the function.
Task<void> forEver(Core& core, const char* what, std::function<Task<void>()> make) {
  asio::steady_timer timer(core.io);
  boost::system::error_code ec;
  while (true) {
    try {
      co_await make();
    } catch (const std::exception& error) {
      log::error("begins again after an error", {{"what", what}, {"error", error.what()}});
    }
    timer.expires_after(std::chrono::seconds(1));
    co_await timer.async_wait(asio::redirect_error(useAwaitable, ec));
  }
}

Task<void> countedAdmin(Core& core, Stream client, Wicket wicket, const Views& views, int& open) {
  ++open;
  co_await serveAdmin(core, std::move(client), wicket, views);
  --open;
}

}  // namespace

Server::Server(Config config, std::unique_ptr<LogWriter> log, std::string version, unsigned threads)
    : version_(std::move(version)),
      plane_(std::move(config), std::move(log)),
      source_(plane_, [this](const auto& book) { publish(book); }) {
  std::signal(SIGPIPE, SIG_IGN);
  raiseDescriptorLimit();
  std::random_device seed;
  for (unsigned i = 0; i < std::max(1u, threads); ++i)
    cores_.push_back(std::make_unique<Core>(plane_, (std::uint64_t{seed()} << 32) | seed()));
  views_.metrics = [this] { return scrape(); };
  views_.state = [this] { return stateOf(*cores_.front(), source_); };
}

Server::~Server() = default;

std::string Server::scrape() const {
  std::vector<const Tally*> tallies;
  for (const auto& core : cores_) tallies.push_back(&core->tally);
  const Instant now = std::chrono::steady_clock::now();
  Snapshot snapshot;
  snapshot.version = version_;
  snapshot.inFlight = plane_.inFlight();
  snapshot.queued = plane_.queued();
  snapshot.drain = plane_.drainState();
  snapshot.report = plane_.report();
  snapshot.copyBytes = plane_.copies.used();
  for (const auto& [deployment, table] : cores_.front()->book->tables()) {
    const std::chrono::duration<double> age = table->freshness->age(now);
    snapshot.tables.push_back(
        {deployment, table->routes.table().generation, age.count(), source_.refusals(deployment)});
    for (const Target& target : table->routes.targets()) {
      const HealthState state = target.health->state(now);
      snapshot.backends.push_back(
          {deployment, target.backend.name,
           target.inside && (state == HealthState::Healthy || state == HealthState::Recovering)});
    }
  }
  return exposition(tallies, snapshot);
}

void Server::publish(const std::shared_ptr<const RouteBook>& book) {
  for (auto& core : cores_) asio::post(core->io, [core = core.get(), book] { core->book = book; });
}

Result<void> Server::start() {
  if (auto loaded = source_.load(); !loaded) return loaded;
  const Config& config = plane_.config;
  const auto open = [](auto port, std::uint16_t& to) -> Result<void> {
    if (!port) return tl::unexpected(port.error());
    to = *port;
    return {};
  };
  auto done = open(openDoor(config.data, Door::Data), ports_.data);
  if (done) done = open(openWicket(config.admin, Wicket::Admin), ports_.admin);
  if (done) done = open(openWicket(config.observe, Wicket::Observe), ports_.observe);
  if (done && config.peers) done = open(openDoor(*config.peers, Door::Peers), ports_.peers);
  if (!done) return done;
  Core& first = *cores_.front();
  const auto run = [&first](const char* what, std::function<Task<void>()> make) {
    asio::co_spawn(first.io, forEver(first, what, std::move(make)), asio::detached);
  };
  asio::co_spawn(first.io, obeySignals(), asio::detached);
  run("following files", [this] { return followFiles(); });
  if (config.engine) run("the health check", [&first] { return checkEngine(first); });
  run("the check of other backends", [&first] { return checkOthers(first); });
  if (config.routes.configMap)
    run("the watch", [this, &first] { return watchConfigMap(first, source_); });
  return {};
}

// Each thread has a socket of its own at one address.
Result<std::uint16_t> Server::openDoor(const Listener& listener, Door door) {
  ServerCertificates* certificates = nullptr;
  if (listener.tls) {
    certificates_.push_back(std::make_unique<ServerCertificates>(*listener.tls));
    certificates = certificates_.back().get();
    if (auto loaded = certificates->refresh(); !loaded) return tl::unexpected(loaded.error());
  }
  Address address = listener.listen;
  for (auto& core : cores_) {
    const auto descriptor = listenAt(address, true);
    if (!descriptor) return tl::unexpected(descriptor.error());
    address.port = portOf(*descriptor);
    Core* owner = core.get();
    asio::co_spawn(core->io,
                   acceptAll(*core, *descriptor,
                             [owner, door, certificates](Stream client, std::string from) {
                               asio::co_spawn(owner->io,
                                              Session::serve(*owner, std::move(client), certificates,
                                                             door, std::move(from)),
                                              asio::detached);
                             }),
                   asio::detached);
  }
  return address.port;
}

Result<std::uint16_t> Server::openWicket(const Address& address, Wicket wicket) {
  const auto descriptor = listenAt(address, false);
  if (!descriptor) return tl::unexpected(descriptor.error());
  Core& first = *cores_.front();
  asio::co_spawn(first.io,
                 acceptAll(first, *descriptor,
                           [this, &first, wicket](Stream client, const std::string&) {
                             if (wickets_ >= maxWickets) return;
                             asio::co_spawn(
                                 first.io,
                                 countedAdmin(first, std::move(client), wicket, views_, wickets_),
                                 asio::detached);
                           }),
                 asio::detached);
  return portOf(*descriptor);
}

Result<bool> Server::await(const Address& observe, std::function<bool()> done) {
  if (auto opened = openWicket(observe, Wicket::Observe); !opened)
    return tl::unexpected(opened.error());
  publish(std::make_shared<const RouteBook>(RouteBook::Tables(), true));
  asio::io_context& io = cores_.front()->io;
  bool came = false;
  asio::co_spawn(io, obeySignals(), asio::detached);
  asio::co_spawn(io, stopOnce(std::move(done), came), asio::detached);
  run();
  return came;
}

Task<void> Server::stopOnce(std::function<bool()> done, bool& stopped) {
  asio::steady_timer timer(cores_.front()->io);
  boost::system::error_code ec;
  while (!done()) {
    timer.expires_after(pollEvery);
    co_await timer.async_wait(asio::redirect_error(useAwaitable, ec));
  }
  stopped = true;
  for (auto& core : cores_) core->stop();
}

Task<void> Server::followFiles() {
  asio::steady_timer timer(cores_.front()->io);
  boost::system::error_code ec;
  while (true) {
    timer.expires_after(pollEvery);
    co_await timer.async_wait(asio::redirect_error(useAwaitable, ec));
    source_.poll();
    for (auto& certificates : certificates_) refresh(*certificates);
  }
}

void Server::refresh(ServerCertificates& certificates) {
  const TlsContext before = certificates.get();
  if (auto refreshed = certificates.refresh(); !refreshed)
    log::error("certificates were not reloaded", {{"error", refreshed.error().message}});
  if (certificates.get() == before) return;
  for (auto& core : cores_)
    asio::post(core->io, [core = core.get()] {
      core->sessions.each([](Cuttable& session) { session.reconsider(); });
    });
}

// What was in flight is let finish, as the drain says; then everything ends.
Task<void> Server::obeySignals() {
  asio::io_context& io = cores_.front()->io;
  asio::signal_set signals(io, SIGTERM, SIGINT);
  boost::system::error_code ec;
  co_await signals.async_wait(asio::redirect_error(useAwaitable, ec));
  log::info("told to end", {{"in_flight", plane_.inFlight()}});
  plane_.terminate(std::chrono::steady_clock::now());
  asio::steady_timer timer(io);
  while (plane_.drainState() != DrainState::Drained) {
    timer.expires_after(Deadlines::tick);
    co_await timer.async_wait(asio::redirect_error(useAwaitable, ec));
  }
  timer.expires_after(lastAnswers);
  co_await timer.async_wait(asio::redirect_error(useAwaitable, ec));
  log::info("ends", {{"report", plane_.report().json()}});
  for (auto& core : cores_) core->stop();
}

void Server::run() {
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < cores_.size(); ++i)
    threads.emplace_back([core = cores_[i].get()] { core->run(); });
  cores_.front()->run();
}

}  // namespace bailiwick::sidecar
