#include "plugin/fleet_view.hpp"

#include <algorithm>

namespace bailiwick::plugin {
namespace {

using fleet::Health;
using fleet::Look;
using fleet::Mono;

// Long enough for every threshold of a deployment (a day) to have passed.
constexpr Mono now = std::chrono::hours(48), step = std::chrono::seconds(1);

void watch(fleet::Sightings& sightings, Mono from) {
  for (auto at = from; at <= now; at += step) sightings.look(Look::Unreachable, at);
}

// Such as make it what it is.
fleet::Sightings sightingsOf(Health health) {
  fleet::Sightings sightings(Mono::zero());
  sightings.look(Look::Changed, Mono::zero());
  if (health == Health::Unknown) {
    sightings.look(Look::Refused, now);
  } else if (health == Health::Lost) {
    watch(sightings, step);
  } else if (health == Health::Suspect) {
    const auto silent = now - (fleet::regionThresholds.suspectAfter + step);
    sightings.look(Look::Changed, silent);
    watch(sightings, silent + step);
  } else {
    sightings.look(Look::Changed, now);
  }
  return sightings;
}

// Its deployments as they are planned there, and what it says of each.
std::shared_ptr<const fleet::PeerDeployments> deploymentsOf(const Forecast& peer) {
  auto all = std::make_shared<fleet::PeerDeployments>();
  for (const auto& [key, planned] : peer.plan.deployments) {
    auto deployment = std::make_shared<api::ModelDeployment>(*planned.deployment);
    auto entry = peer.statusOf(planned).regions.front();
    const auto* told = fleet::selfEntry(*planned.deployment, entry.name);
    entry.share = told ? told->share : std::vector<api::VariantCount>{};
    auto& regions = deployment->status.regions;
    std::erase_if(regions, [](const api::RegionEntry& e) { return e.self; });
    regions.insert(regions.begin(), std::move(entry));
    all->emplace(key, std::move(deployment));
  }
  return all;
}

fleet::Peer relayed(std::shared_ptr<const api::Region> region) {
  // One that nobody has looked at yet will be found well.
  const auto health = fleet::healthNamed(region->status.health).value_or(Health::Live);
  return {region->meta.key.name, region, region, sightingsOf(health), nullptr};
}

fleet::Peer read(const Forecast& other, std::shared_ptr<const api::Region> asKnown) {
  return {other.known.name(), std::move(asKnown), other.known.snapshot.region,
          sightingsOf(Health::Live), deploymentsOf(other)};
}

std::shared_ptr<const api::Region> find(const KnownRegion& known, const std::string& name) {
  const auto found = std::find_if(known.regions.begin(), known.regions.end(), [&](const auto& r) {
    return r->meta.key.name == name;
  });
  return found == known.regions.end() ? nullptr : *found;
}

}  // namespace

std::shared_ptr<const fleet::FleetView> viewOf(const Forecast& region,
                                               const std::vector<Forecast>& alone) {
  const auto& known = region.known;
  fleet::FleetView view;
  view.now = now;
  view.settled = true;
  std::set<std::string> seen{known.name()};
  for (const auto& other : alone) {
    const auto asKnown = find(known, other.known.name());
    if (!asKnown && !(known.offline && other.known.offline)) continue;
    if (!seen.insert(other.known.name()).second) continue;
    view.peers.push_back(read(other, asKnown ? asKnown : other.known.snapshot.region));
  }
  for (const auto& other : known.regions) {
    if (other->access && seen.insert(other->meta.key.name).second) {
      view.peers.push_back(relayed(other));
    }
  }
  std::sort(view.peers.begin(), view.peers.end(),
            [](const fleet::Peer& a, const fleet::Peer& b) { return a.name < b.name; });
  if (view.peers.empty()) return nullptr;
  return std::make_shared<const fleet::FleetView>(std::move(view));
}

}  // namespace bailiwick::plugin
