#pragma once
// Replicas by variant as vectors over the variants of a spec, and their capacity units.

#include <vector>

#include "api/model_deployment.hpp"

namespace bailiwick::fleet {

// Replicas of each variant of a spec, in its order.
using Counts = std::vector<int>;

// Variants that the spec does not name are left out, negative counts are none.
Counts countsOf(const std::vector<api::VariantCount>& list, const api::ModelDeploymentSpec& spec);
Counts countsOf(const std::vector<api::VariantOffer>& list, const api::ModelDeploymentSpec& spec);
// What a peer claims to have: no more than it offers, nor than the whole deployment could use.
Counts claimed(const api::RegionEntry& entry, const api::ModelDeploymentSpec& spec);
// Those that are not zero.
std::vector<api::VariantCount> listOf(const Counts& counts, const api::ModelDeploymentSpec& spec);

api::Units unitsOf(const Counts& counts, const api::ModelDeploymentSpec& spec);
Counts least(const Counts& a, const Counts& b);
Counts most(const Counts& a, const Counts& b);

// The units of the whole deployment, and how many replicas of a variant that is at most.
api::Units wantedUnits(const api::ModelDeploymentSpec& spec);
int capOf(const api::Variant& variant, const api::ModelDeploymentSpec& spec);
// The most that one region may have.
api::Units regionCap(const api::ModelDeploymentSpec& spec);
// min(share, ready) of what a peer claims, in units of the spec that the entry belongs to.
api::Units heldUnits(const api::RegionEntry& entry, const api::ModelDeploymentSpec& spec);

}  // namespace bailiwick::fleet
