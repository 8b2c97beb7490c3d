// Microseconds of one plan over growing clusters, and how they grow: placeAll with one deployment
// over many nodes, with many deployments over 1,000 nodes, and what follows it for each deployment; then exit
// readiness of them all.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>

#include "plan/fixture.hpp"
#include "plan/readiness.hpp"
#include "plan/status.hpp"

namespace {

using namespace bailiwick;
using namespace bailiwick::testing;

// CPU time, the best of at least ten runs: what else runs on the machine only adds.
double microseconds(const std::function<void()>& work) {
  double best = 1e18, spent = 0;
  for (int runs = 0; runs < 10 || spent < 5e5; ++runs) {
    const auto begun = std::clock();
    work();
    const double took = static_cast<double>(std::clock() - begun) * 1e6 / CLOCKS_PER_SEC;
    best = std::min(best, took);
    spent += std::max(took, 1.0);
  }
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
                    planned.inventory, planned.pools}).status;
  });
  std::printf("%-28s %6d %12.0f %9.1f %16.1f\n", what, count, all, before > 0 ? all / before : 1.0,
              one);
  before = all;
}

// Exit readiness of all that runs, asked for the first time and after one replica came.
void readinessRow(int deployments, double& before) {
  auto c = clusterOf(1000);
  addDeployments(c, deployments, true);
  const auto planned = plan::placeAll(c.world());
  const double full = microseconds([&] {
    auto plan = planned;
    plan::Readiness().update(c.world(), plan);
  });
  plan::Readiness readiness;
  bool busy = false;
  const double copying = microseconds([&] { auto plan = planned; });
  const double one = microseconds([&] {
    // A pod of somebody else comes and goes on a free node.
    if (busy) {
      c.pods.pop_back();
    } else {
      c.run("h200", "node-999", "somebody");
    }
    busy = !busy;
    auto plan = plan::placeAll(c.world());
    readiness.update(c.world(), plan);
  }) - microseconds([&] { plan::placeAll(c.world()); });
  std::printf("%-28s %6d %12.0f %9.1f %16.0f\n", "readiness, running mdeps", deployments,
              full - copying, before > 0 ? full / before : 1.0, one);
  before = full;
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
  std::printf("\n%-28s %6s %12s %9s %16s\n", "", "count", "full us", "growth", "one change us");
  before = 0;
  for (const int deployments : {10, 100, 1000}) readinessRow(deployments, before);
  return 0;
}
