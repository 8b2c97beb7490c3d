// bench_cache --kubeconfig=FILE: the operator's caches and work queue, with nothing behind them. The
// counterpart of tests/bench/peer. Prints one line when every cache has a full set:
//
//   ready modeldeployments=5000 nodes=1000 pods=10000

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <string_view>
#include <thread>

#include "catalog/loader.hpp"
#include "kube/cpprest_transport.hpp"
#include "kube/kubeconfig.hpp"
#include "kube/work_queue.hpp"
#include "reconcile/caches.hpp"

namespace bailiwick {
namespace {

using namespace std::chrono_literals;

void reconcileNothing(reconcile::Caches& caches, kube::WorkQueue<>& queue) {
  kube::Handlers<api::ModelDeployment> handlers;
  handlers.added = [&](const auto& object) { queue.add(object->meta.key); };
  handlers.updated = [&](const auto&, const auto& after) { queue.add(after->meta.key); };
  handlers.deleted = [&](const auto& object) { queue.add(object->meta.key); };
  caches.deployments.addHandler(std::move(handlers));
}

void work(std::stop_token stop, kube::WorkQueue<>& queue) {
  while (auto key = queue.get(stop)) {
    queue.forget(*key);
    queue.done(*key);
  }
}

Result<void> run(const std::string& kubeconfig, const sigset_t& signals) {
  auto catalog = catalog::builtin();
  if (!catalog) return tl::unexpected(catalog.error());
  auto cluster = kube::loadKubeconfig(kubeconfig);
  if (!cluster) return tl::unexpected(cluster.error());
  kube::initialiseTransportThreads();
  const auto transport = kube::makeTransport(std::move(*cluster), {"bench_cache"});

  kube::WorkQueue<> queue;
  reconcile::Caches caches(*catalog);
  reconcileNothing(caches, queue);
  std::jthread worker([&](std::stop_token stop) { work(stop, queue); });
  caches.start(*transport);
  if (!caches.waitSettled(5min, {})) return fail("the caches are not synced after five minutes");
  fmt::print("ready modeldeployments={} modelpassports={} nodes={} pods={} regions={}\n",
             caches.deployments.store().size(), caches.passports.store().size(),
             caches.nodes.store().size(), caches.pods.store().size(),
             caches.regions.store().size());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  queue.shutdown();
  caches.stop();
  return {};
}

}  // namespace
}  // namespace bailiwick

int main(int argc, char** argv) {
  constexpr std::string_view flag = "--kubeconfig=";
  if (argc != 2 || !std::string_view(argv[1]).starts_with(flag)) {
    fmt::print(stderr, "usage: bench_cache --kubeconfig=FILE\n");
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const auto done = bailiwick::run(argv[1] + flag.size(), signals);
  if (done) return 0;
  fmt::print(stderr, "bench_cache: {}\n", done.error().message);
  return 1;
}
