#pragma once
// What of a deployment is lost with each thing that it depends on, and which variants of its spec do
// without that. Internal to Readiness.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "plan/placement.hpp"

namespace bailiwick::plan {

// Of a model of which nothing is known it cannot be said that it does without anything.
bool isUnknown(const policy::Facts& facts);
bool looksAtModels(DependencyKind kind);

// Equal hashes mean that an earlier answer still stands.
using Hash = std::uint64_t;
void mix(Hash& seed, Hash value);
void mix(Hash& seed, std::string_view text);

struct Loss {
  Dependency dependency;
  api::Units units = 0;
  std::vector<std::size_t> others;  // indices of variants that do without it, in order of preference
};

struct Exposure {
  Hash signature = 0;  // of all that the losses were made of
  std::vector<Loss> losses;
};

// Everything beside the deployments that says what a variant depends on.
Hash signatureOf(const World& world);
Hash signatureOf(const DeploymentPlan& deployment, const Plan& plan, Hash world);
Exposure exposureOf(const DeploymentPlan& deployment, const World& world, const Plan& plan);

// Where a variant may take over when the dependency is gone.
std::vector<int> groupsWithout(const Dependency& dependency, const VariantPlan& variant,
                               const Pools& pools);

}  // namespace bailiwick::plan
