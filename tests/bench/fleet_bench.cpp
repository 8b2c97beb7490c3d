// Prints what an allocation costs by the number of regions, and what the loss of one region costs.
// Times are CPU time of this thread.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "fleet/allocate.hpp"
#include "fleet/decision.hpp"

#include "api/hash.hpp"
#include "support/builders.hpp"

namespace bailiwick {
namespace {

double cpuMicros() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

api::ModelDeployment deploymentOf(const std::string& name, int units) {
  return testing::makeDeployment(name, "team")
      .replicas(units)
      .variant(testing::makeVariant("h200").on("nvidia", {"NVIDIA-H200"}, 8))
      .variant(testing::makeVariant("mi300x").on("amd", {}, 4).capacity(500))
      .obj();
}

// One unit for each region on average, placed; a tenth of the regions is lost.
double allocation(int regions) {
  const auto deployment = deploymentOf("assistant", regions);
  const std::vector<api::VariantOffer> offer = {{"h200", 3, {"a"}, "", ""},
                                                {"mi300x", 4, {"b"}, "", ""}};
  const std::vector<api::VariantCount> share = {{"h200", 1}};
  std::deque<std::string> names;
  std::vector<fleet::RegionInput> inputs;
  for (int r = 0; r < regions; ++r) {
    fleet::RegionInput input{names.emplace_back("region-" + std::to_string(r))};
    input.role = r % 10 == 0 ? fleet::Role::Gone : fleet::Role::Active;
    input.offer = &offer;
    input.share = &share;
    inputs.push_back(input);
  }
  const int rounds = std::max(20, 200000 / regions);
  std::vector<double> times;
  for (int part = 0; part < 9; ++part) {
    const double begun = cpuMicros();
    for (int n = 0; n < rounds / 9 + 1; ++n) {
      fleet::allocate({deployment.spec, "team/assistant", inputs});
    }
    times.push_back((cpuMicros() - begun) / (rounds / 9 + 1));
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// Three peers hold a share of each of so many deployments; one of them is lost. What the decision of
// this region costs, memory included.
double loss(int count) {
  std::deque<api::ModelDeployment> deployments;
  std::vector<const api::ModelDeployment*> all;
  fleet::FleetView view;
  const std::vector<std::string> names = {"ams", "fra", "zrh"};
  std::vector<std::shared_ptr<fleet::PeerDeployments>> lists;
  for (const auto& name : names) {
    fleet::Peer peer;
    peer.name = name;
    peer.sightings = fleet::Sightings(view.now);
    lists.push_back(std::make_shared<fleet::PeerDeployments>());
    peer.deployments = lists.back();
    view.peers.push_back(peer);
  }
  for (int d = 0; d < count; ++d) {
    auto& own = deployments.emplace_back(deploymentOf("d" + std::to_string(d), 4));
    const auto hash = api::specHash(own.spec);
    for (std::size_t p = 0; p <= names.size(); ++p) {
      api::RegionEntry entry;
      entry.name = p < names.size() ? names[p] : "own";
      entry.self = true;
      entry.sequence = 1;
      entry.specHash = hash;
      entry.offer = {{"h200", 4, {"a"}, "", ""}, {"mi300x", 8, {"b"}, "", ""}};
      entry.share = entry.ready = {{"h200", 1}};
      if (p == names.size()) {
        own.status.regions = {entry};
        continue;
      }
      auto object = std::make_shared<api::ModelDeployment>(own);
      object->status.regions = {entry};
      (*lists[p])[own.meta.key] = object;
    }
    all.push_back(&own);
  }
  fleet::Memory memory("own");
  const auto look = [&](fleet::Look first) {
    view.now += fleet::Mono(250);
    for (auto& peer : view.peers) {
      peer.sightings.look(&peer == view.peers.data() ? first : fleet::Look::Changed, view.now);
    }
  };
  const auto decideAll = [&] {
    memory.update(view, all, api::Time{});
    for (const auto* deployment : all) {
      fleet::Here here{*deployment, "own"};
      here.offer = deployment->status.regions[0].offer;
      here.running = here.ready = {1, 0};
      const auto* course = memory.course(deployment->meta.uid);
      std::vector<fleet::PeerInput> peers;
      for (const auto& peer : view.peers) peers.push_back({&peer, &course->peers.at(peer.name)});
      memory.keep(deployment->meta.uid, fleet::decide(here, *course, peers, view).handover);
    }
  };
  look(fleet::Look::Changed);
  decideAll();
  for (int n = 0; n < 41; ++n) look(fleet::Look::Unreachable);
  const double begun = cpuMicros();
  decideAll();
  return (cpuMicros() - begun) / 1e6;
}

}  // namespace
}  // namespace bailiwick

int main(int argc, char**) {
  if (argc > 1) {
    std::printf("bench_fleet: what an allocation costs, and the loss of a region; some seconds. Ratios "
                "are to what was asked.\n");
    return 0;
  }
  std::printf("%-36s %10s %8s %10s %8s\n", "", "CPU us", "growth", "asked us", "ratio");
  double before = 0;
  for (const auto& [regions, asked] : {std::pair{10, 8.1}, {100, 52.4}, {1000, 980.0}}) {
    const double now = bailiwick::allocation(regions);
    std::printf("allocation, regions %-16d %10.1f %8.1f %10.1f %8.2f\n", regions, now,
                before > 0 ? now / before : 1.0, asked, now / asked);
    before = now;
  }
  for (const int count : {1000, 10000}) {
    const double now = bailiwick::loss(count) * 1e6, asked = count == 10000 ? 1e6 : 1e5;
    std::printf("one of four lost, deployments %-6d %10.0f %8s %10.0f %8.2f\n", count, now, "", asked,
                now / asked);
  }
  return 0;
}
