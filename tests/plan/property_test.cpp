#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

template <class T>
T anyOf(std::vector<T> values) { return *rc::gen::elementOf(std::move(values)); }

NodeBuilder anyNode(const std::string& name) {
  auto node = *rc::gen::arbitrary<bool>() ? h200Node(name) : mi300xNode(name);
  if (*rc::gen::inRange(0, 4) == 0) node.jurisdiction(anyOf<std::string>({"DE", "US"}));
  if (*rc::gen::inRange(0, 4) == 0) node.label("nvidia.com/gpu.product", "NVIDIA-H20");
  if (*rc::gen::inRange(0, 5) == 0) node.taint(anyOf<std::string>({"nvidia.com/gpu", "team"}));
  if (*rc::gen::inRange(0, 5) == 0) node.cordoned();
  if (*rc::gen::inRange(0, 5) == 0) node.ready(false);
  if (*rc::gen::inRange(0, 4) == 0) node.allocatable("nvidia.com/gpu", "4");
  return node;
}

VariantBuilder anyVariant(const std::string& name) {
  auto variant = *rc::gen::arbitrary<bool>() ? h200(name) : mi300x(name);
  const auto vendor = variant.obj().accelerator.vendor;
  variant.on(vendor, vendor == "amd" ? std::vector<std::string>{} : anyOf<std::vector<std::string>>(
                                           {{}, {"NVIDIA-H200"}, {"NVIDIA-H20"}}),
             anyOf<int>({1, 2, 3, 4, 8}));
  variant.capacity(anyOf<api::Units>({500, 1000, 2000}));
  variant.nodes(anyOf<int>({1, 1, 1, 2}));
  return variant;
}

Cluster anyCluster() {
  Cluster c;
  c.leaderWorkerSets = true;
  const int nodes = *rc::gen::inRange(1, 7);
  for (int i = 0; i < nodes; ++i) c.add(anyNode("n" + std::to_string(i)));
  const int deployments = *rc::gen::inRange(1, 4);
  for (int d = 0; d < deployments; ++d) {
    auto builder = assistant("d" + std::to_string(d)).replicas(*rc::gen::inRange(0, 6));
    builder.priority(*rc::gen::inRange(0, 3)).created(testTime - std::chrono::hours(d % 2));
    builder.variant(anyVariant("a")).variant(anyVariant("b"));
    c.add(builder);
  }
  const int pods = *rc::gen::inRange(0, 6);
  for (int i = 0; i < pods; ++i) {
    const auto node = "n" + std::to_string(*rc::gen::inRange(0, nodes));
    const auto variant = anyOf<std::string>({"a", "b", "gone"});
    auto& pod = c.run(variant, node, "d" + std::to_string(*rc::gen::inRange(0, deployments)));
    for (auto& [resource, milli] : pod.requests) milli = anyOf<std::int64_t>({1000, 2000, 4000});
    pod.ready = *rc::gen::arbitrary<bool>();
    if (*rc::gen::inRange(0, 4) == 0) pod.meta.deleted = c.now;
  }
  return c;
}

std::string outcome(const plan::Plan& plan) {
  std::string text;
  for (const auto& [key, deployment] : plan.deployments) {
    text += key.str();
    for (const auto& v : deployment.variants) {
      text += " " + v.variant->name + "=" + std::to_string(v.share) + "/" +
              std::to_string(v.offer) + (v.refusal ? v.refusal->message : "");
    }
    text += "\n";
  }
  for (const auto& pool : plan.pools.rows()) {
    text += pool.name + " " + std::to_string(pool.devicesFree) + pool.reason + "\n";
  }
  return text;
}

RC_GTEST_PROP(Plan, DoesNotDependOnTheOrderOfItsInputs, ()) {
  const auto c = anyCluster();
  auto world = c.world();
  const auto before = outcome(plan::placeAll(world));
  std::mt19937 random(*rc::gen::arbitrary<unsigned>());
  std::shuffle(world.nodes.begin(), world.nodes.end(), random);
  std::shuffle(world.pods.begin(), world.pods.end(), random);
  std::shuffle(world.deployments.begin(), world.deployments.end(), random);
  RC_ASSERT(outcome(plan::placeAll(world)) == before);
}

RC_GTEST_PROP(Plan, DoesNotDependOnTheClockWithoutADeadline, ()) {
  auto c = anyCluster();
  for (auto& pod : c.pods) pod.ready = true;
  const auto before = outcome(c.plan());
  c.now += std::chrono::hours(*rc::gen::inRange(0, 10000));
  RC_ASSERT(outcome(c.plan()) == before);
}

// Devices that the new replicas of a plan need are free on eligible nodes, each node counted once.
RC_GTEST_PROP(Plan, NeverPlacesMoreThanFits, ()) {
  auto c = anyCluster();
  c.pods.clear();
  const auto plan = c.plan();
  std::map<std::string, std::int64_t> asked, offered;
  for (const auto& [key, deployment] : plan.deployments) {
    for (const auto& v : deployment.variants) {
      RC_ASSERT(v.share <= v.offer);
      if (v.share == 0) continue;
      const auto& wanted = v.variant->accelerator;
      asked[v.requirement->resource] += v.share * wanted.perReplica * wanted.nodes;
      RC_ASSERT(!v.groups.empty());
      for (const int group : v.groups) {
        const auto& labels = plan.inventory.groups()[static_cast<std::size_t>(group)].labels;
        RC_ASSERT(!labels.has("bailiwick.dev/jurisdiction", "US"));
      }
    }
  }
  for (const auto& node : c.nodes) {
    if (!node.ready || node.unschedulable) continue;
    if (node.meta.labels.has("bailiwick.dev/jurisdiction", "US")) continue;
    for (const auto& [resource, quantity] : node.allocatable) {
      offered[resource] += std::stoll(quantity);
    }
  }
  for (const auto& [resource, devices] : asked) RC_ASSERT(devices <= offered[resource]);
}

RC_GTEST_PROP(Plan, IsServedNoWorseByMoreCapacity, ()) {
  Cluster c;
  c.leaderWorkerSets = true;
  const int nodes = *rc::gen::inRange(0, 5);
  for (int i = 0; i < nodes; ++i) c.add(anyNode("n" + std::to_string(i)));
  // One vendor each: a preferred variant on the same nodes may take what would hold more of another.
  c.add(assistant().replicas(*rc::gen::inRange(0, 6))
            .variant(h200("a").on("nvidia", {}, anyOf<int>({1, 2, 4, 8})).nodes(anyOf<int>({1, 2})))
            .variant(mi300x("b").on("amd", {}, anyOf<int>({1, 3, 8})).capacity(500)));
  const auto before = of(c.plan()).assigned;
  c.add(anyNode("more")).add(anyNode("yet-more"));
  const auto plan = c.plan();
  RC_ASSERT(of(plan).assigned >= std::min(before, of(plan).wanted));
}

RC_GTEST_PROP(Inventory, FitsAsManyAsItTakes, ()) {
  auto c = anyCluster();
  const auto variant = anyVariant("v").obj();
  const auto requirement = plan::require(variant, {}, c.region, testCatalog());
  RC_ASSERT(requirement.has_value());
  plan::Inventory inventory(c.world().nodes, c.world().pods, c.region, testCatalog());
  const auto groups = inventory.eligibleGroups(*requirement);
  const int fits = inventory.fits(*requirement, groups, 1000);
  RC_ASSERT(inventory.fits(*requirement, groups, 1) == std::min(fits, 1));
  int taken = 0;
  while (inventory.take(*requirement, groups)) ++taken;
  RC_ASSERT(taken == fits);
  for (const auto& node : inventory.nodes()) {
    for (std::size_t r = 0; r < node.free.size(); ++r) {
      RC_ASSERT(node.free[r] <= node.allocatable[r]);
    }
  }
}

}  // namespace
}  // namespace bailiwick::testing
