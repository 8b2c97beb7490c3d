#pragma once
// A region that has peers, and what they say.

#include "api/hash.hpp"
#include "plan/fixture.hpp"
#include "plan/readiness.hpp"
#include "plan/status.hpp"

namespace bailiwick::testing {

// fra with peers, each with room for six; plans are carried out by hand.
class WithPeers : public Cluster {
 public:
  explicit WithPeers(int units = 4) {
    for (int n = 0; n < 6; ++n) add(h200Node("n" + std::to_string(n)).zone("eu-central-1a"));
    add(assistant().in({"EU", "CH"}).residency({}).replicas(units).variant(h200()));
    deployments.front().meta.uid = "uid-assistant";
  }
  // A region of on-premises in that country.
  void peer(const std::string& name, const std::string& country) {
    fleet::Peer peer;
    peer.name = name;
    peer.region = peer.own = std::make_shared<const api::Region>(
        makeRegion(name, "on-premises", name + "-1", country).obj());
    peer.sightings = fleet::Sightings(view.now);
    view.peers.push_back(peer);
  }
  void says(std::size_t index, int share, int ready, int offer = 6, int units = 0) {
    auto object = std::make_shared<api::ModelDeployment>(deployments.front());
    if (units > 0) object->spec.replicas = units;
    api::RegionEntry entry;
    entry.name = view.peers[index].name;
    entry.self = true;
    entry.health = "Live";
    entry.specHash = api::specHash(object->spec);
    entry.sequence = ++sequence_;
    entry.offer = {{"h200", offer, {"pool"}, "", ""}};
    if (share > 0) entry.share = {{"h200", share}};
    if (ready > 0) entry.ready = {{"h200", ready}};
    object->status.regions = {entry};
    auto list = std::make_shared<fleet::PeerDeployments>();
    (*list)[object->meta.key] = object;
    view.peers[index].deployments = list;
  }
  void pass(int millis, fleet::Look look = fleet::Look::Changed) {
    for (int passed = 0; passed < millis; passed += 250) {
      view.now += fleet::Mono(250);
      for (auto& peer : view.peers) peer.sightings.look(look, view.now);
      remember();
    }
  }
  // The status that follows from a plan; the deployment has it then.
  const api::ModelDeploymentStatus& visit() {
    remember();
    auto peopled = world();
    peopled.fleet = &view;
    peopled.fleetMemory = &memory;
    planned = plan::placeAll(peopled);
    plan::Readiness().update(peopled, planned);
    const auto& mine = of(planned);
    if (mine.fleet) memory.keep("uid-assistant", mine.fleet->decision.handover);
    auto& current = deployments.front();
    const auto stepped = step(planned);
    current.status = plan::statusOf({current, mine, stepped, region, now,
                                     api::specHash(current.spec), "passports", {}, {},
                                     planned.inventory, planned.pools}).status;
    return current.status;
  }
  std::string why(const std::string& type) {
    visit();
    const auto& conditions = visit().conditions;
    const auto* found = api::findCondition(conditions, type);
    return found->status + " " + found->reason + ": " + found->message;
  }

  fleet::FleetView view;
  fleet::Memory memory{"fra"};
  plan::Plan planned;

 private:
  void remember() { memory.update(view, {&deployments.front()}, now); }
  std::int64_t sequence_ = 0;
};

}  // namespace bailiwick::testing
