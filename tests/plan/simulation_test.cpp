#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "plan/simulator.hpp"

namespace bailiwick::testing {
namespace {

enum class Kind {
  Relabel, Restore, Abroad, Cordon, Uncordon, Die, Revive, Remove, AddNode,
  MoreReplicas, FewerReplicas, SwapVariants, DropVariant, NewImage, BrokenImage, ForeignPod, Refuse, Last
};

struct Event {
  int after = 0;  // ticks since the one before
  Kind kind = Kind::Relabel;
  int target = 0;
};

std::ostream& operator<<(std::ostream& out, const Event& e) {
  return out << "{after " << e.after << ", kind " << static_cast<int>(e.kind) << ", target "
             << e.target << "}";
}

rc::Gen<Event> anyEvent() {
  return rc::gen::build<Event>(
      rc::gen::set(&Event::after, rc::gen::inRange(0, 25)),
      rc::gen::set(&Event::kind,
                   rc::gen::map(rc::gen::inRange(0, static_cast<int>(Kind::Last)),
                                [](int kind) { return static_cast<Kind>(kind); })),
      rc::gen::set(&Event::target, rc::gen::inRange(0, 12)));
}

void changeNode(Simulator& sim, Kind kind, api::Node& node) {
  auto& labels = node.meta.labels;
  switch (kind) {
    case Kind::Relabel: return labels.erase("data-residency.bailiwick.dev/eu-personal");
    case Kind::Restore:
      labels.erase("bailiwick.dev/jurisdiction");
      return labels.set("data-residency.bailiwick.dev/eu-personal", "true");
    case Kind::Abroad: return labels.set("bailiwick.dev/jurisdiction", "US");
    case Kind::Cordon: node.unschedulable = true; return;
    case Kind::Uncordon: node.unschedulable = false; return;
    case Kind::Die: node.ready = false; return;
    case Kind::Revive: node.ready = true; return;
    default: break;
  }
  const auto name = node.meta.key.name;
  if (kind == Kind::Remove && sim.cluster.nodes.size() > 1) {
    std::erase_if(sim.cluster.nodes, [&](const auto& n) { return n.meta.key.name == name; });
  }
}

void changeSpec(Simulator& sim, Kind kind, api::ModelDeployment& deployment) {
  auto& spec = deployment.spec;
  ++deployment.meta.generation;
  switch (kind) {
    case Kind::MoreReplicas: spec.replicas = std::min(spec.replicas + 1, 5); return;
    case Kind::FewerReplicas: spec.replicas = std::max(spec.replicas - 1, 0); return;
    case Kind::SwapVariants: std::swap(spec.variants.front(), spec.variants.back()); return;
    case Kind::DropVariant:
      if (spec.variants.size() > 1) spec.variants.erase(spec.variants.begin());
      return;
    case Kind::NewImage: spec.variants.front().engine.image += "x"; return;
    case Kind::BrokenImage:
      spec.variants.front().engine.image += "y";
      sim.brokenImages.insert(spec.variants.front().engine.image);
      return;
    default: return;
  }
}

void apply(Simulator& sim, const Event& event) {
  auto& cluster = sim.cluster;
  const auto pick = [&](auto& list) -> auto& {
    return list[static_cast<std::size_t>(event.target) % list.size()];
  };
  if (event.kind <= Kind::Remove) return changeNode(sim, event.kind, pick(cluster.nodes));
  if (event.kind == Kind::AddNode) {
    const auto name = "new-" + std::to_string(cluster.nodes.size());
    cluster.add(event.target % 2 ? h200Node(name) : mi300xNode(name));
    return;
  }
  if (event.kind == Kind::Refuse) {
    sim.refusedVariants.insert(pick(pick(cluster.deployments).spec.variants).name);
    return;
  }
  changeSpec(sim, event.kind, pick(cluster.deployments));
}

void build(Simulator& sim) {
  const int h200s = *rc::gen::inRange(1, 4), mi300xs = *rc::gen::inRange(0, 3);
  for (int i = 0; i < h200s; ++i) sim.cluster.add(h200Node("h" + std::to_string(i)));
  for (int i = 0; i < mi300xs; ++i) sim.cluster.add(mi300xNode("m" + std::to_string(i)));
  const int deployments = *rc::gen::inRange(1, 3);
  for (int d = 0; d < deployments; ++d) {
    auto builder = assistant("d" + std::to_string(d)).replicas(*rc::gen::inRange(0, 4));
    auto first = h200("a"), second = mi300x("b"), third = h200("c");
    const bool half = *rc::gen::arbitrary<bool>();
    if (half) first.on("nvidia", {"NVIDIA-H200"}, 4).capacity(500);
    builder.variant(first).variant(second);
    if (*rc::gen::arbitrary<bool>()) builder.variant(third);
    builder.maxUnavailable(*rc::gen::inRange(0, 2)).priority(*rc::gen::inRange(0, 2));
    sim.cluster.add(builder);
  }
}

std::string report(const Simulator& sim) {
  std::string text;
  for (const auto& violation : sim.violations) text += violation + "\n";
  return text + sim.picture();
}

bool settles(Simulator& sim, int ticks) {
  for (int i = 0; i < ticks; ++i) {
    sim.tick();
    if (sim.quiet()) return true;
  }
  return false;
}

RC_GTEST_PROP(Simulation, KeepsItsPromisesAndComesToRest, ()) {
  Simulator sim(*rc::gen::noShrink(rc::gen::arbitrary<unsigned>()));
  build(sim);
  sim.marksRefused = *rc::gen::inRange(0, 5) == 0;
  const auto events = *rc::gen::scale(0.4, rc::gen::container<std::vector<Event>>(anyEvent()));
  for (const auto& event : events) {
    for (int i = 0; i < event.after; ++i) sim.tick();
    apply(sim, event);
    sim.disturb();
  }
  const bool rest = settles(sim, 400);
  RC_LOG() << report(sim);
  RC_ASSERT(sim.violations.empty());
  RC_ASSERT(rest);
  const auto before = sim.picture();
  for (int i = 0; i < 10; ++i) sim.tick();
  RC_ASSERT(sim.picture() == before);
  const auto plan = sim.cluster.plan();
  for (const auto& [key, deployment] : plan.deployments) {
    const bool stuck = std::any_of(
        deployment.variants.begin(), deployment.variants.end(), [](const auto& v) { return v.stuck; });
    if (!stuck && deployment.assigned >= deployment.wanted) {
      RC_ASSERT(sim.ready(*deployment.deployment) >= deployment.wanted);
    }
  }
}

RC_GTEST_PROP(Simulation, MovesNothingWhenABetterPlaceAppears, ()) {
  Simulator sim(*rc::gen::noShrink(rc::gen::arbitrary<unsigned>()));
  build(sim);
  RC_ASSERT(settles(sim, 400));
  const auto plan = sim.cluster.plan();
  for (const auto& [key, deployment] : plan.deployments) {
    RC_PRE(deployment.assigned >= deployment.wanted);
  }
  const auto where = [&] {
    std::set<std::string> places;
    for (const auto& pod : sim.cluster.pods) places.insert(pod.meta.key.name + "@" + pod.node);
    return places;
  };
  const auto before = where();
  for (const char* name : {"better-1", "better-2", "better-3"}) sim.cluster.add(h200Node(name));
  for (auto& deployment : sim.cluster.deployments) {
    std::swap(deployment.spec.variants.front(), deployment.spec.variants.back());
  }
  for (int i = 0; i < 30; ++i) sim.tick();
  RC_LOG() << report(sim);
  RC_ASSERT(where() == before);
}

}  // namespace
}  // namespace bailiwick::testing
