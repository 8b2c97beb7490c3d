#pragma once
// Room for alternatives in peers: what they offer beyond their shares, all deployments together.
// Internal to Readiness.

#include <map>
#include <string>
#include <utility>

#include "plan/exposure.hpp"
#include "plan/placement.hpp"

namespace bailiwick::plan {

class Elsewhere {
 public:
  Elsewhere(const World& world, const Dependency& dependency)
      : world_(world), dependency_(dependency) {}

  // Takes what Live peers offer of variants that do without the dependency where those peers are, and
  // names the first in `answer`.
  void takeOver(const DeploymentPlan& plan, api::Units& missing, Answer& answer);
  // Whether some Live peer could run some variant without the dependency, room or not.
  bool anyDoesWithout(const DeploymentPlan& plan) const;

 private:
  bool doesWithout(const DeploymentPlan& plan, const api::Variant& variant,
                   const PeerRow& peer) const;
  int room(const PeerRow& peer, const api::VariantOffer& offer, const api::Variant& variant) const;
  void use(const PeerRow& peer, const api::VariantOffer& offer, std::int64_t devices);

  const World& world_;
  const Dependency& dependency_;
  std::map<std::pair<std::string, std::string>, std::int64_t> used_;  // devices, by peer and pool
};

// Of everything that peers' answers are made of.
Hash signatureOf(const FleetShare& share);

}  // namespace bailiwick::plan
