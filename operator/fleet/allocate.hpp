#pragma once
// allocate(spec, what the regions say of themselves, their health) -> shares (protocols 5,
// Allocation). Pure and deterministic: regions that see the same things agree without talking, and
// every region acts on its own share only.
//
// Nothing moves without a cause. What is wanted and not held by anybody is given to those who offer it;
// what is held by too many is taken from those who have most of it, so that a promise that outlives its
// region's absence brings back exactly what that absence displaced; what is leaving (a cordon, an exit)
// is given to others where they offer it. Otherwise every share stays as it is.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/region.hpp"
#include "fleet/units.hpp"

namespace bailiwick::fleet {

// Regions of several versions use the lowest among the Live.
inline constexpr int allocatorVersion = 1;

enum class Role {
  Active,    // Live: keeps, grows, gives up
  Draining,  // cordoned by hand: keeps only what nobody else can take
  Frozen,    // Suspect, Unknown, of another spec: its share stands, whatever is decided
  Out,       // Returning: keeps what it has, nobody counts on it, nothing is given to it
  Gone,      // Lost: has nothing
};

struct RegionInput {
  std::string_view name;
  Role role = Role::Active;
  int allocator = allocatorVersion;
  const std::vector<api::VariantOffer>* offer = nullptr;  // nullptr: none
  const std::vector<api::VariantCount>* share = nullptr;  // as published; nullptr: none
  const std::vector<api::Price>* prices = nullptr;
  const std::vector<api::PoolStatus>* pools = nullptr;  // bound what several variants take together
  // Role::Frozen only, of a region whose own spec is another: what it holds in units of that one.
  api::Units foreignUnits = 0;
};

struct AllocationInput {
  const api::ModelDeploymentSpec& spec;
  std::string_view name;  // "namespace/name", the same in every region: ties break by it
  std::span<const RegionInput> regions;  // in any order; those in which the law lets it be
};

struct Allocation {
  std::vector<Counts> shares;  // as the regions of the input
  api::Units unmet = 0;        // wanted, and nobody offers it
};

Allocation allocate(const AllocationInput& input);

// The version of the rules by which these regions allocate: the lowest that a Live one knows.
int agreedVersion(std::span<const RegionInput> regions);

// Which of two regions is favoured for a deployment: the higher one grows first, the lower one shrinks
// first (rendezvous hashing).
std::uint64_t rank(std::string_view deployment, std::string_view region);

}  // namespace bailiwick::fleet
