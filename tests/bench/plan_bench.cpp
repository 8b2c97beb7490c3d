// Microseconds of one plan over growing clusters, and how they grow: placeAll with one deployment
// over many nodes, with many deployments over 1,000 nodes, and what follows it for each deployment.

#include <chrono>
#include <cstdio>
#include <functional>

#include "plan/fixture.hpp"
#include "plan/status.hpp"

namespace {

using namespace bailiwick;
using namespace bailiwick::testing;
using Clock = std::chrono::steady_clock;

// The best of as many runs as fit half a second: what else runs on the machine only adds.
double microseconds(const std::function<void()>& work) {
  double best = 1e18;
  const auto end = Clock::now() + 500ms;
  do {
    const auto begun = Clock::now();
    work();
    best = std::min(best, std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
  } while (Clock::now() < end);
  return best;
}

// Nodes of two vendors in three zones, one in ten with a lone label of its own.
Cluster clusterOf(int nodes) {
  Cluster c;
  for (int i = 0; i < nodes; ++i) {
    const auto name = "node-" + std::to_string(i);
    auto node = i % 2 ? h200Node(name) : mi300xNode(name);
    node.zone("eu-central-1" + std::string(1, static_cast<char>('a' + i % 3)));
    if (i % 10 == 0) node.residency("own-" + std::to_string(i));
    c.add(node);
  }
  return c;
}

void addDeployments(Cluster& c, int count, bool running) {
  int node = 0;
  for (int d = 0; d < count; ++d) {
    const auto name = "d" + std::to_string(d);
    c.add(assistant(name).replicas(2).variant(h200()).variant(mi300x()).priority(d % 5));
    if (!running || node + 1 >= static_cast<int>(c.nodes.size())) continue;
    c.run(node % 2 ? "h200" : "mi300x", "node-" + std::to_string(node), name);
    ++node;
  }
}

void row(const char* what, int count, const Cluster& c, double& before) {
  const auto world = c.world();
  const double all = microseconds([&] { plan::placeAll(world); });
  const auto planned = plan::placeAll(world);
  const auto& first = c.deployments.front();
  const auto name = first.meta.key.name;
  const double one = microseconds([&] {
    const auto step = c.step(planned, name);
    plan::statusOf({first, of(planned, name), step, c.region, c.now, "", "", {}, {},
                    planned.inventory, testCatalog()});
  });
  std::printf("%-28s %6d %12.0f %9s %16.1f\n", what, count, all,
              before > 0 ? (std::to_string(static_cast<int>(all / before * 10) / 10.0)).substr(0, 5).c_str()
                         : "",
              one);
  before = all;
}

}  // namespace

int main() {
  std::printf("%-28s %6s %12s %9s %16s\n", "", "count", "plan us", "growth", "step+status us");
  double before = 0;
  for (const int nodes : {10, 100, 1000, 10000}) {
    auto c = clusterOf(nodes);
    addDeployments(c, 1, true);
    row("1 deployment, nodes", nodes, c, before);
  }
  for (const bool running : {false, true}) {
    before = 0;
    for (const int deployments : {10, 100, 1000}) {
      auto c = clusterOf(1000);
      addDeployments(c, deployments, running);
      row(running ? "1000 nodes, running mdeps" : "1000 nodes, new mdeps", deployments, c, before);
    }
  }
  return 0;
}
