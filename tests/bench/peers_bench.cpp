// bench_peers CA PORT PEERS: the operator's connections to so many peers, the first of which serves
// HTTPS at 127.0.0.1:PORT, the next at the port after it, each with the authority in the file CA. Its
// own cluster is in memory. Prints "ready SECONDS" when all are Live, and ends by SIGTERM.

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "api/decode.hpp"
#include "kube/base64.hpp"
#include "kube/cpprest_transport.hpp"
#include "kube/tls_transport.hpp"
#include "log/log.hpp"
#include "peers/peers.hpp"
#include "reconcile/memory_api.hpp"

namespace bailiwick {
namespace {

using Clock = std::chrono::steady_clock;

void fill(testing::MemoryApi& home, const std::string& authority, int port, int peers) {
  const std::string secret = "/api/v1/namespaces/bailiwick-system/secrets/peer";
  home.put(secret, {{"metadata", {{"namespace", "bailiwick-system"}, {"name", "peer"}}},
                    {"data", {{"token", kube::encodeBase64("opaque")}}}});
  for (int p = 0; p < peers; ++p) {
    const auto name = fmt::format("peer-{:03}", p);
    home.put("/apis/bailiwick.dev/v1alpha1/regions/" + name,
             {{"metadata", {{"name", name}}},
              {"spec",
               {{"provider", "on-premises"},
                {"location", "x"},
                {"jurisdiction", "DE"},
                {"access",
                 {{"server", fmt::format("https://127.0.0.1:{}", port + p)},
                  {"caBundle", kube::encodeBase64(authority)},
                  {"credentialSecret", {{"namespace", "bailiwick-system"}, {"name", "peer"}}}}}}}});
  }
}

int run(const std::string& authority, int port, int count, const sigset_t& signals) {
  testing::MemoryApi home;
  fill(home, authority, port, count);
  kube::initialiseTransportThreads();
  kube::WatchConfig config;
  config.resource = kube::resources::regions;
  kube::Informer<api::Region> regions(config, api::decodeRegion);
  peers::Peers::Config settings;
  settings.region = "own";
  settings.home = &home;
  settings.regions = &regions;
  settings.clusterUid = "uid-own";
  settings.now = [] { return std::chrono::floor<api::Time::duration>(std::chrono::system_clock::now()); };
  settings.leading = [] { return true; };
  settings.changed = [](const api::Key&) {};
  settings.ordersChanged = [] {};
  settings.statusChanged = [](const api::Key&) {};
  settings.dial = [](kube::ClusterConfig cluster) {
    return kube::makeTlsTransport(std::move(cluster), {"bench_peers"});
  };
  peers::Peers room(std::move(settings));
  const auto begun = Clock::now();
  regions.start(home);
  if (!regions.waitSettled(std::chrono::seconds(30))) return 1;
  room.start();
  const auto live = [&] {
    const auto sights = room.sights();
    const auto now = peers::monoOf(Clock::now());
    return static_cast<int>(sights.size()) == count &&
           std::all_of(sights.begin(), sights.end(), [&](const peers::PeerSight& sight) {
             return sight.caches &&
                    sight.sightings.judge(fleet::regionThresholds, now).health == fleet::Health::Live;
           });
  };
  timespec moment{0, 100'000'000};
  while (!live()) {
    if (sigtimedwait(&signals, nullptr, &moment) > 0) return 1;
  }
  fmt::print("ready {:.1f}\n", std::chrono::duration<double>(Clock::now() - begun).count());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  const bool still = live();
  room.stop();
  regions.stop();
  return still ? 0 : 1;
}

}  // namespace
}  // namespace bailiwick

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "bench_peers CA PORT PEERS\n");
    return 2;
  }
  std::ifstream file(argv[1]);
  const std::string authority{std::istreambuf_iterator<char>(file), {}};
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return bailiwick::run(authority, std::atoi(argv[2]), std::atoi(argv[3]), signals);
}
