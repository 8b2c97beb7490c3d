#include "plan/fleet_share.hpp"

#include <algorithm>

#include "plan/placement.hpp"
#include "policy/check.hpp"

namespace bailiwick::plan {
namespace {

bool mayBe(const api::ModelDeployment& deployment, const api::Region& region, const World& world) {
  return region.decodeError.empty() &&
         !policy::checkDeployment(deployment, region, *world.catalog, *world.settings);
}

bool isLive(const fleet::Judgement& judgement) {
  return judgement.health == fleet::Health::Live || judgement.health == fleet::Health::Cordoned;
}

// Live peers whose spec of the same name is another: until they agree, nothing new goes where one of
// them would not let it be (protocols 5, Divergence).
std::vector<const api::ModelDeployment*> otherSpecs(const fleet::Course& course) {
  std::vector<const api::ModelDeployment*> specs;
  for (const auto& [name, peer] : course.peers) {
    if (!peer.claim || !peer.object || !isLive(peer.standing.judgement())) continue;
    if (peer.claim->specHash != course.specHash) specs.push_back(peer.object.get());
  }
  return specs;
}

bool forbids(const std::vector<const api::ModelDeployment*>& specs, const api::Region& region,
             const World& world) {
  return std::any_of(specs.begin(), specs.end(),
                     [&](const auto* spec) { return !mayBe(*spec, region, world); });
}

// What serves of variants that have left the spec.
api::Units formerUnits(const DeploymentPlan& plan, const World& world) {
  api::Units units = 0;
  for (const auto& replica : plan.replicas) {
    if (plan.variant(replica.variant) || replica.terminating) continue;
    if (!replica.ready || replica.unlawful || replica.leave == Leave::Now) continue;
    const auto found = world.workloads.find({plan.deployment->meta.key, replica.variant});
    units += capacityOf(found == world.workloads.end() ? nullptr : found->second);
  }
  return units;
}

fleet::Here here(const DeploymentPlan& plan, const World& world,
                 std::vector<api::VariantOffer> offer) {
  fleet::Here result{*plan.deployment, world.region->meta.key.name};
  result.cordoned = world.region->cordoned;
  result.offer = std::move(offer);
  result.prices = &world.region->prices;
  result.pools = &world.region->status.pools;
  result.paused = plan.onHold;
  result.former = formerUnits(plan, world);
  for (const auto& v : plan.variants) {
    int running = 0, ready = 0;
    for (const auto& replica : plan.replicas) {
      if (replica.variant != v.variant->name || replica.terminating || replica.lost) continue;
      if (replica.bound) ++running;
      if (replica.ready && !replica.unlawful && replica.leave != Leave::Now) ++ready;
    }
    result.running.push_back(running);
    result.ready.push_back(ready);
    // An exit records that something leaves before it lets it.
    if (!v.exits.empty() && v.leave == Leave::Stay && running > 0) result.mayShrink = false;
  }
  return result;
}

PeerRow rowOf(const fleet::Peer& peer, const fleet::PeerCourse& course, bool admitted) {
  PeerRow row;
  row.name = peer.name;
  row.judgement = course.standing.judgement();
  row.admitted = admitted;
  row.counts = !row.judgement.out && row.judgement.health != fleet::Health::Lost;
  row.claim = course.claim;
  row.object = course.object;
  row.region = peer.region;
  row.own = peer.own;
  return row;
}

void addUp(FleetShare& share, const PeerRow& row, const api::ModelDeploymentSpec& own) {
  if (!row.counts || !row.admitted || !row.claim) return;
  const auto& spec = row.object ? row.object->spec : own;
  const auto most = std::min(fleet::wantedUnits(own), fleet::regionCap(own));
  const auto units = [&](const auto& list) {
    return std::min(most, fleet::unitsOf(fleet::countsOf(list, spec), spec));
  };
  share.assignedElsewhere += units(row.claim->share);
  share.readyElsewhere += units(row.claim->ready);
}

// In a forecast a peer has what it comes to, all of it Ready.
void settle(PeerRow& row, const fleet::Decision& decision, const api::ModelDeploymentSpec& spec) {
  const auto come = decision.elsewhere.find(row.name);
  if (come == decision.elsewhere.end() || !row.claim) return;
  auto claim = std::make_shared<api::RegionEntry>(*row.claim);
  claim->share = claim->ready = fleet::listOf(come->second, spec);
  row.claim = std::move(claim);
}

}  // namespace

std::optional<FleetShare> fleetShareOf(const DeploymentPlan& plan, const World& world,
                                       std::vector<api::VariantOffer> offer) {
  const auto& deployment = *plan.deployment;
  if (!world.fleet || world.fleet->peers.empty() || !world.fleetMemory) return std::nullopt;
  if (!deployment.decodeError.empty()) return std::nullopt;
  const auto* course = world.fleetMemory->course(deployment.meta.uid);
  if (!course) return std::nullopt;
  auto own = here(plan, world, std::move(offer));
  const auto others = otherSpecs(*course);
  own.foreignSpecForbids = forbids(others, *world.region, world);
  FleetShare share;
  share.specHash = course->specHash;
  std::vector<fleet::PeerInput> inputs;
  for (const auto& peer : world.fleet->peers) {
    const auto known = course->peers.find(peer.name);
    if (known == course->peers.end() || !peer.region) continue;
    const bool admitted = mayBe(deployment, *peer.region, world);
    auto row = rowOf(peer, known->second, admitted);
    row.forbidden = forbids(others, *peer.region, world);
    const bool told = row.claim && !(row.claim->share.empty() && row.claim->ready.empty());
    if (admitted) inputs.push_back({&peer, &known->second, row.forbidden});
    if (admitted || told) share.peers.push_back(std::move(row));
  }
  share.decision = fleet::decide(own, *course, inputs, *world.fleet);
  for (auto& row : share.peers) {
    settle(row, share.decision, deployment.spec);
    addUp(share, row, deployment.spec);
  }
  return share;
}

bool sameOutcome(const std::optional<FleetShare>& a, const std::optional<FleetShare>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  const auto &x = a->decision, &y = b->decision;
  return x.run == y.run && x.units == y.units && x.publish == y.publish &&
         x.inquiry == y.inquiry && x.isolated == y.isolated && x.awaiting == y.awaiting &&
         x.lost == y.lost && x.diverged == y.diverged && a->specHash == b->specHash &&
         a->peers == b->peers;
}

}  // namespace bailiwick::plan
