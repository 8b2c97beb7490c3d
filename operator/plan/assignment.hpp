#pragma once
// How many replicas of each variant of one deployment run here: first what runs, then the first
// variant in order of preference that fits.

#include "plan/placement.hpp"

namespace bailiwick::plan {

// Fills in the shares, offers and refusals of a plan whose variants and replicas are known, and
// takes what they need from the inventory.
void assign(DeploymentPlan& plan, const World& world, Inventory& inventory, const Pools& pools);

}  // namespace bailiwick::plan
