#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "fleet/fixture.hpp"

namespace bailiwick::testing {
namespace {

using fleet::Role;

struct Random {
  api::ModelDeploymentSpec spec;
  std::vector<std::pair<Named, Named>> regions;  // offers, shares
  std::vector<Role> roles;
};

Random random() {
  Random r;
  r.spec = wanting(*rc::gen::inRange(0, 30));
  r.spec.placement.strategy = *rc::gen::element(api::Strategy::Spread, api::Strategy::Pack,
                                                api::Strategy::Cheapest);
  r.spec.placement.minRegions = *rc::gen::inRange(1, 4);
  if (*rc::gen::arbitrary<bool>()) r.spec.placement.maxPerRegion = *rc::gen::inRange(1, 12);
  if (*rc::gen::arbitrary<bool>()) {
    r.spec.variants.push_back(makeVariant("small").on("amd", {}, 4).capacity(300).obj());
  }
  const int count = *rc::gen::inRange(1, 8);
  for (int n = 0; n < count; ++n) {
    Named offer, share;
    for (const auto& variant : r.spec.variants) {
      offer[variant.name] = *rc::gen::inRange(0, 20);
      share[variant.name] = *rc::gen::inRange(-2, 25);
    }
    r.regions.emplace_back(offer, share);
    r.roles.push_back(*rc::gen::element(Role::Active, Role::Active, Role::Active, Role::Draining,
                                        Role::Frozen, Role::Out, Role::Gone));
  }
  return r;
}

Fleet fleetOf(const Random& r, bool reversed = false) {
  Fleet fleet(r.spec);
  for (std::size_t i = 0; i < r.regions.size(); ++i) {
    const auto n = reversed ? r.regions.size() - 1 - i : i;
    fleet.region("r" + std::to_string(n), r.regions[n].first, r.regions[n].second, r.roles[n]);
  }
  return fleet;
}

RC_GTEST_PROP(AllocateProperty, NobodyGetsMoreThanItOffersOrMayHave, ()) {
  const auto r = random();
  auto fleet = fleetOf(r);
  const auto allocation = fleet.allocation();
  for (std::size_t i = 0; i < r.regions.size(); ++i) {
    for (std::size_t v = 0; v < r.spec.variants.size(); ++v) {
      RC_ASSERT(allocation.shares[i][v] >= 0);
      RC_ASSERT(allocation.shares[i][v] <= r.regions[i].first.at(r.spec.variants[v].name));
    }
    RC_ASSERT(fleet::unitsOf(allocation.shares[i], r.spec) <= fleet::regionCap(r.spec));
    if (r.roles[i] == Role::Gone) RC_ASSERT(fleet::unitsOf(allocation.shares[i], r.spec) == 0);
  }
}

RC_GTEST_PROP(AllocateProperty, TheOrderOfTheRegionsIsNoMatter, ()) {
  const auto r = random();
  auto one = fleetOf(r), other = fleetOf(r, true);
  RC_ASSERT(one.allShares() == other.allShares());
}

// Whoever publishes what was allocated to it, in whatever order, changes nothing any more.
RC_GTEST_PROP(AllocateProperty, ItSettles, ()) {
  auto r = random();
  for (int round = 0; round < 3; ++round) {
    auto fleet = fleetOf(r);
    const auto allocation = fleet.allocation();
    for (std::size_t i = 0; i < r.regions.size(); ++i) {
      for (std::size_t v = 0; v < r.spec.variants.size(); ++v) {
        r.regions[i].second[r.spec.variants[v].name] = allocation.shares[i][v];
      }
    }
  }
  auto fleet = fleetOf(r);
  const auto before = fleet.allShares();
  auto again = fleetOf(r);
  Named published;
  for (std::size_t i = 0; i < r.regions.size(); ++i) {
    for (const auto& [variant, count] : r.regions[i].second) {
      if (count > 0) published["r" + std::to_string(i) + "/" + variant] = count;
    }
  }
  RC_ASSERT(before == published);
}

RC_GTEST_PROP(AllocateProperty, WhatIsUnmetNobodyCouldTake, ()) {
  const auto r = random();
  auto fleet = fleetOf(r);
  const auto allocation = fleet.allocation();
  if (allocation.unmet == 0) return;
  for (std::size_t i = 0; i < r.regions.size(); ++i) {
    if (r.roles[i] != Role::Active) continue;
    const auto units = fleet::unitsOf(allocation.shares[i], r.spec);
    for (std::size_t v = 0; v < r.spec.variants.size(); ++v) {
      const auto& variant = r.spec.variants[v];
      const int offer = std::min(r.regions[i].first.at(variant.name), fleet::capOf(variant, r.spec));
      const bool full = allocation.shares[i][v] >= offer;
      RC_ASSERT(full || units + variant.capacity > fleet::regionCap(r.spec));
    }
  }
}

}  // namespace
}  // namespace bailiwick::testing
