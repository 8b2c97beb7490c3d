// bailiwick-operator: exit 2 on bad flags, 1 on a fatal error, 0 on SIGTERM after releasing the lease.

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <random>
#include <stop_token>
#include <thread>

#include "catalog/loader.hpp"
#include "cmd/options.hpp"
#include "cmd/version.hpp"
#include "cmd/webhook.hpp"
#include "kube/cpprest_transport.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/tls_transport.hpp"
#include "log/log.hpp"
#include "reconcile/operator.hpp"
#include "serve/http_server.hpp"
#include "serve/metrics.hpp"

namespace bailiwick::cmd {
namespace {

std::string identity() {
  char host[256] = {};
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  std::random_device random;
  return fmt::format("{}_{:08x}{:08x}", host, random(), random());
}

// Blocked in every thread, so that one place waits for them.
sigset_t blockSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

// A peer takes sixteen, and 1,024 is what many a platform begins with.
void raiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Asks `end`, which outlives the thread, to stop when a signal comes.
std::jthread watchSignals(const sigset_t& signals, std::stop_source& end) {
  return std::jthread([signals, &end](std::stop_token stop) {
    const timespec step{0, 100'000'000};
    while (!stop.stop_requested()) {
      if (sigtimedwait(&signals, nullptr, &step) > 0) end.request_stop();
    }
  });
}

serve::Answer health(std::string_view path, const reconcile::Operator& operator_) {
  if (path != "/livez" && path != "/readyz") {
    return {404, "text/plain", "only /livez and /readyz are served here\n"};
  }
  const auto problem = path == "/livez" ? operator_.notLive() : operator_.notReady();
  return problem.empty() ? serve::Answer{200, "text/plain", "ok\n"}
                         : serve::Answer{503, "text/plain", problem};
}

Result<int> run(const Options& options, const sigset_t& signals) {
  auto catalog = options.catalog.empty() ? catalog::builtin()
                                         : catalog::withOverrides(options.catalog);
  if (!catalog) return tl::unexpected(catalog.error());
  auto cluster = options.kubeconfig.empty() ? kube::inClusterConfig()
                                            : kube::loadKubeconfig(options.kubeconfig);
  if (!cluster) return tl::unexpected(cluster.error());
  kube::initialiseTransportThreads();
  const auto userAgent =
      fmt::format("bailiwick-operator/{} (region {})", buildVersion, options.region);
  const auto transport = kube::makeTransport(std::move(*cluster), {userAgent});

  serve::Metrics metrics(buildVersion, options.region);
  reconcile::OperatorConfig config;
  config.region = options.region;
  config.ns = options.ns;
  config.identity = identity();
  config.sidecarImage = options.sidecarImage;
  config.leaderElect = options.leaderElect;
  config.catalog = &*catalog;
  config.settings.podMetadataPrefixes = options.podMetadataPrefixes;
  config.observer = &metrics;
  if (!options.gatewayAddress.empty()) {
    auto address = kube::parseServerUrl("https://" + options.gatewayAddress);
    if (!address) return fail("--probe-gateway: " + address.error().message);
    config.gatewayAddress = *std::move(address);
  }
  if (!options.gateway.empty()) config.gateway = render::OwnGateway{options.ns, options.gateway};
  config.makesNamespaces = options.createNamespaces;
  config.dial = [userAgent](kube::ClusterConfig peer) {
    return kube::makeTlsTransport(std::move(peer), {userAgent, peers::maxPeerAnswer});
  };
  config.dialGateway = [userAgent](kube::ClusterConfig gateway) {
    return kube::makeTransport(std::move(gateway), {userAgent});
  };
  reconcile::Operator operator_(std::move(config), *transport);

  const auto healthServer = serve::HttpServer::listen(
      options.listenHealth, [&](std::string_view path) { return health(path, operator_); });
  if (!healthServer) return tl::unexpected(healthServer.error());
  const auto metricsServer =
      serve::HttpServer::listen(options.listenMetrics, [&](std::string_view path) -> serve::Answer {
        if (path != "/metrics") return {404, "text/plain", "only /metrics is served here\n"};
        return {200, "text/plain; version=0.0.4; charset=utf-8", metrics.scrape(operator_)};
      });
  if (!metricsServer) return tl::unexpected(metricsServer.error());

  log::info("starting", {{"version", buildVersion}, {"region", options.region}});
  std::stop_source end;
  const auto watcher = watchSignals(signals, end);
  const auto started = operator_.start(end.get_token());
  if (!started && !end.stop_requested()) return tl::unexpected(started.error());
  std::unique_ptr<Webhook> webhook;
  if (!options.listenWebhook.empty() && started) {
    auto served = Webhook::start(options, *catalog, operator_);
    if (!served) return tl::unexpected(served.error());
    webhook = std::move(*served);
  }
  while (!end.stop_requested() && !operator_.fenced()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  webhook.reset();
  operator_.stop();
  if (operator_.fenced()) {
    return fail("leadership was lost; the process ends so that nothing half-decided is done");
  }
  log::info("stopped");
  return 0;
}

}  // namespace
}  // namespace bailiwick::cmd

int main(int argc, char** argv) {
  using namespace bailiwick::cmd;
  namespace log = bailiwick::log;
  const auto parsed = parseOptions(argc, argv);
  if (parsed.exitCode) return *parsed.exitCode;
  const auto signals = blockSignals();
  raiseDescriptorLimit();
  log::setUp(parsed.options.logFormat == "json" ? log::Format::Json : log::Format::Text,
             parsed.options.logLevel);
  const auto code = run(parsed.options, signals);
  if (code) return *code;
  log::error(code.error().message);
  return 1;
}
