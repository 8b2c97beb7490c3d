#include "plan/exposure.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace bailiwick::plan {
namespace {

// How many replicas of each product run, or wait where only one could be meant.
std::map<std::string, int> productsInUse(const DeploymentPlan& plan, const VariantPlan& variant,
                                         const Pools& pools) {
  std::map<std::string, int> counts;
  const auto& products = variant.variant->accelerator.products;
  for (const auto& replica : plan.replicas) {
    if (replica.variant != variant.variant->name || replica.terminating || !replica.bound) continue;
    if (replica.group < 0 || !variant.requirement) continue;
    const auto* product = pools.productOf(replica.group, variant.requirement->resource);
    if (product && !product->empty()) ++counts[*product];
  }
  int known = 0;
  for (const auto& [product, count] : counts) known += count;
  const auto* vendor = variant.requirement ? variant.requirement->vendor : nullptr;
  if (known < variant.share && products.size() == 1 && vendor) {
    const auto* product = vendor->product(products.front());
    counts[product ? product->name : products.front()] += variant.share - known;
  }
  return counts;
}

struct OfVariant {
  const VariantPlan& plan;
  std::vector<Dependency> dependencies;
  bool unknown = false;
};

bool doesWithout(const OfVariant& v, const Dependency& dependency, const Pools& pools) {
  if (v.plan.variant->external) return false;  // it gets no share
  const auto& all = v.dependencies;
  if (std::binary_search(all.begin(), all.end(), dependency)) return false;
  if (v.unknown && looksAtModels(dependency.kind)) return false;
  if (dependency.kind != DependencyKind::Product || v.plan.groups.empty()) return true;
  return !groupsWithout(dependency, v.plan, pools).empty();
}

}  // namespace

bool isUnknown(const policy::Facts& facts) {
  return std::any_of(facts.lineage.begin(), facts.lineage.end(),
                     [](const policy::Kin& kin) { return !kin.problem.empty(); });
}

bool looksAtModels(DependencyKind kind) {
  return kind == DependencyKind::Origin || kind == DependencyKind::Publisher ||
         kind == DependencyKind::Licence;
}

// As Boost's hash_combine.
void mix(Hash& seed, Hash value) {
  seed ^= value + 0x9e3779b97f4a7c15ULL + (seed << 12) + (seed >> 4);
}
void mix(Hash& seed, std::string_view text) { mix(seed, std::hash<std::string_view>{}(text)); }

Hash signatureOf(const World& world) {
  Hash hash = 0;
  mix(hash, world.region->meta.resourceVersion);
  for (const auto& [name, passport] : world.passports) {
    mix(hash, name);
    mix(hash, passport->meta.resourceVersion);
  }
  return hash;
}

Hash signatureOf(const DeploymentPlan& deployment, const Plan& plan, Hash world) {
  Hash hash = world;
  mix(hash, deployment.deployment->meta.uid);
  mix(hash, static_cast<Hash>(deployment.deployment->meta.generation));
  mix(hash, static_cast<Hash>(deployment.wanted));
  for (const auto& v : deployment.variants) {
    mix(hash, static_cast<Hash>(v.share));
    for (const auto& [product, replicas] : productsInUse(deployment, v, plan.pools)) {
      mix(hash, product);
      mix(hash, static_cast<Hash>(replicas));
    }
    for (const int group : v.groups) {
      const auto* product = plan.pools.productOf(group, v.requirement->resource);
      if (product) mix(hash, *product);
    }
    mix(hash, v.refusal ? v.refusal->message : std::string());
  }
  return hash;
}

std::vector<int> groupsWithout(const Dependency& dependency, const VariantPlan& v,
                               const Pools& pools) {
  if (dependency.kind != DependencyKind::Product) return v.groups;
  std::vector<int> left;
  for (const int group : v.groups) {
    const auto* product = pools.productOf(group, v.requirement->resource);
    if (!product || *product != dependency.value) left.push_back(group);
  }
  return left;
}

Exposure exposureOf(const DeploymentPlan& deployment, const World& world, const Plan& plan) {
  std::vector<OfVariant> variants;
  std::map<Dependency, api::Units> lost;
  for (const auto& v : deployment.variants) {
    const auto facts = policy::factsOf(
        {*deployment.deployment, *v.variant, world.passports, *world.region, *world.catalog});
    variants.push_back({v, dependenciesOf(facts), isUnknown(facts)});
    if (v.share == 0) continue;
    for (const auto& dependency : variants.back().dependencies) {
      lost[dependency] += v.share * v.variant->capacity;
    }
    for (const auto& [product, replicas] : productsInUse(deployment, v, plan.pools)) {
      lost[{DependencyKind::Product, product}] += replicas * v.variant->capacity;
    }
  }
  Exposure exposure;
  for (const auto& [dependency, units] : lost) {
    Loss loss{dependency, units, {}};
    for (std::size_t i = 0; i < variants.size(); ++i) {
      if (doesWithout(variants[i], dependency, plan.pools)) loss.others.push_back(i);
    }
    exposure.losses.push_back(std::move(loss));
  }
  return exposure;
}

}  // namespace bailiwick::plan
