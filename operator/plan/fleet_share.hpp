#pragma once
// The share of this region in a deployment that peers serve too, and what is told of those peers.
// Without peers there is none of it.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fleet/decision.hpp"

namespace bailiwick::plan {

struct World;
struct DeploymentPlan;

// A peer as one deployment sees it.
struct PeerRow {
  std::string name;
  fleet::Judgement judgement;
  bool counts = false;  // what it holds serves the deployment: it is neither Lost nor Returning
  bool admitted = false;  // the law lets the deployment be there
  bool forbidden = false;  // though a live peer's spec, which is another, would not
  std::shared_ptr<const api::RegionEntry> claim;          // null: it does not have the deployment
  std::shared_ptr<const api::ModelDeployment> object;     // that the claim is of, where it was read
  std::shared_ptr<const api::Region> region, own;         // as fleet::Peer has them
  friend bool operator==(const PeerRow&, const PeerRow&) = default;
};

struct FleetShare {
  fleet::Decision decision;
  std::string specHash;
  std::vector<PeerRow> peers;  // by name
  api::Units assignedElsewhere = 0, readyElsewhere = 0;
};

// Nothing where the region is alone, or the spec cannot be read.
std::optional<FleetShare> fleetShareOf(const DeploymentPlan& plan, const World& world,
                                       std::vector<api::VariantOffer> offer);

// Whether what is told or done of the fleet comes out the same.
bool sameOutcome(const std::optional<FleetShare>& a, const std::optional<FleetShare>& b);

}  // namespace bailiwick::plan
