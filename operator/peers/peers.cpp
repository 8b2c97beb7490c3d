#include "peers/peers.hpp"

#include <algorithm>
#include <condition_variable>
#include <set>
#include <utility>

#include "log/log.hpp"
#include "peers/countersign.hpp"
#include "peers/foreign.hpp"

namespace bailiwick::peers {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds judgeEvery{250};

std::shared_ptr<const api::Region> regionOf(const PeerSight& sight, const std::string& name) {
  return sight.caches ? sight.caches->regions.store().get(api::Key{"", name}) : nullptr;
}

}  // namespace

Peers::Peers(Config config) : config_(std::move(config)) {}
Peers::~Peers() { stop(); }

void Peers::start() {
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void Peers::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  std::map<std::string, Peer> gone;
  {
    const std::lock_guard lock(mutex_);
    gone.swap(peers_);
  }
  for (auto& [name, peer] : gone) peer.connection->stop();
}

void Peers::regionChanged(const std::string& region) {
  const std::lock_guard lock(mutex_);
  changed_ = true;
  restate_.insert(region);
  wake_.notify_all();
}

void Peers::restate(const std::string& region) {
  const std::lock_guard lock(mutex_);
  restate_.insert(region);
}

void Peers::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    bool match = false;
    {
      std::unique_lock lock(mutex_);
      if (peers_.empty()) {
        wake_.wait(lock, stop, [this] { return changed_; });
      } else {
        wake_.wait_for(lock, stop, judgeEvery, [this] { return changed_; });
      }
      match = std::exchange(changed_, false);
    }
    if (stop.stop_requested()) return;
    if (match) matchConnections();
    judge();
  }
}

// A connection is made anew where its access changed. Nothing is forgotten of a region by that but
// when it was last seen.
void Peers::matchConnections() {
  std::map<std::string, std::shared_ptr<const api::Region>> wanted;
  std::set<std::string> unreadable;  // what it says now is not known: the way that was known stays
  for (const auto& region : config_.regions->store().snapshot()) {
    const auto& name = region->meta.key.name;
    if (!region->decodeError.empty()) unreadable.insert(name);
    if (isPeer(*region)) wanted.emplace(name, region);
  }
  std::vector<std::shared_ptr<PeerConnection>> ended;
  bool any = false;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(peers_, [&](const auto& entry) {
      if (unreadable.contains(entry.first)) return false;
      const auto still = wanted.find(entry.first);
      if (still != wanted.end() && *still->second->access == entry.second.connection->access()) {
        return false;
      }
      ended.push_back(entry.second.connection);
      return true;
    });
    for (const auto& [name, region] : wanted) {
      if (peers_.contains(name)) continue;
      auto peer = connect(*region);
      peer.connection->start();
      peers_.emplace(name, std::move(peer));
      any = true;
    }
  }
  for (const auto& connection : ended) connection->stop();
  if (any || !ended.empty()) config_.changed({});
}

Peers::Peer Peers::connect(const api::Region& region) {
  const auto name = region.meta.key.name;
  PeerConnection::Config config;
  config.region = name;
  config.access = *region.access;
  config.home = config_.home;
  config.approach = &approach_;
  config.dial = config_.dial;
  config.resolve = config_.resolve;
  config.now = config_.now;
  config.leading = config_.leading;
  config.changed = config_.changed;
  config.ordersChanged = config_.ordersChanged;
  config.regionSaid = [this](const std::string& about) { restate(about); };
  config.knownUid = [this, name] { return knownUid(name); };
  config.ownUid = config_.clusterUid;
  Peer peer;
  peer.connection = std::make_shared<PeerConnection>(std::move(config));
  const auto health = fleet::healthNamed(region.status.health);
  if (health && region.status.healthSince) {
    const auto ago = std::chrono::duration_cast<api::Duration>(config_.now() -
                                                               *region.status.healthSince);
    peer.standing = fleet::Standing::remembered(*health, ago, monoOf(Clock::now()));
  }
  return peer;
}

std::string Peers::knownUid(const std::string& region) const {
  const auto known = config_.regions->store().get(api::Key{"", region});
  return known ? known->status.clusterUID : std::string();
}

void Peers::judge() {
  std::set<std::string> statuses;
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    statuses.swap(restate_);
    const auto now = monoOf(Clock::now());
    for (auto& [name, peer] : peers_) {
      const auto region = config_.regions->store().get(api::Key{"", name});
      if (!region) continue;
      const auto before = peer.judgement;
      const auto sight = peer.connection->sight();
      peer.judgement = peer.standing.update(sight.sightings, fleet::regionThresholds,
                                            region->cordoned, now);
      if (!(peer.judgement == before)) {
        log::info("a peer's health changed", {{"region", name},
                                              {"health", nameOf(peer.judgement.health)},
                                              {"reason", nameOf(peer.judgement.why)}});
        changed = true;
      }
      // Whoever writes the status compares it; this only says when it may be worth it.
      auto shown = std::string(nameOf(peer.judgement.health)) + "/" +
                   std::string(nameOf(peer.judgement.why)) + "/" + sight.contact.reason + "/" +
                   sight.warning + "/" + sight.clusterUid + "/" +
                   (sight.caches ? sight.caches->regions.lastResourceVersion() : std::string());
      if (shown != std::exchange(peer.shown, shown)) statuses.insert(name);
    }
  }
  if (!statuses.empty()) statuses.insert(config_.region);
  for (const auto& name : statuses) config_.statusChanged({"", name});
  if (changed) {
    config_.changed({});
    config_.ordersChanged();
  }
}

// By the Region objects: before the first connection is made, a region is not alone already.
bool Peers::any() const {
  bool meant = false;
  config_.regions->store().forEach([&](const api::Region& region) { meant |= isPeer(region); });
  const std::lock_guard lock(mutex_);
  return meant || !peers_.empty();
}

bool Peers::isPeer(const api::Region& region) const {
  return region.access && region.meta.key.name != config_.region;
}

std::vector<PeerSight> Peers::sights() const {
  const std::lock_guard lock(mutex_);
  std::vector<PeerSight> all;
  for (const auto& [name, peer] : peers_) all.push_back(peer.connection->sight());
  return all;
}

fleet::FleetView Peers::view() const {
  const auto regions = config_.regions->store().snapshot();
  const std::lock_guard lock(mutex_);
  fleet::FleetView view;
  view.now = monoOf(Clock::now());
  for (const auto& region : regions) {
    fleet::Peer shown;
    shown.name = region->meta.key.name;
    shown.region = region;
    const auto known = peers_.find(shown.name);
    if (known != peers_.end()) {
      const auto sight = known->second.connection->sight();
      shown.own = regionOf(sight, shown.name);
      shown.sightings = sight.sightings;
      shown.deployments = deploymentsOf(known->second, sight);
      if (sight.caches) {
        shown.unreadable = sight.caches->deployments.unreadable();
        shown.manyUnreadable = sight.caches->deployments.manyUnreadable();
      }
    } else if (isPeer(*region)) {
      shown.sightings = fleet::Sightings(view.now);  // not looked at yet
    } else {
      continue;
    }
    view.peers.push_back(std::move(shown));
  }
  std::sort(view.peers.begin(), view.peers.end(),
            [](const fleet::Peer& a, const fleet::Peer& b) { return a.name < b.name; });
  return view;
}

std::shared_ptr<const fleet::PeerDeployments> Peers::deploymentsOf(const Peer& peer,
                                                                   const PeerSight& sight) const {
  if (!sight.caches) return nullptr;
  const auto& store = sight.caches->deployments.store();
  const auto revision = store.revision();
  if (peer.deployments && peer.deploymentsOf == sight.caches.get() &&
      peer.deploymentsAt == revision) {
    return peer.deployments;
  }
  auto all = std::make_shared<fleet::PeerDeployments>();
  for (auto& deployment : store.snapshot()) all->emplace(deployment->meta.key, deployment);
  peer.deploymentsOf = sight.caches.get();
  peer.deploymentsAt = revision;
  peer.deployments = std::move(all);
  return peer.deployments;
}

std::vector<Witness> Peers::witnesses(const std::string& region) const {
  std::vector<Witness> all;
  for (const auto& sight : sights()) {
    all.push_back({sight.region, regionOf(sight, region), sight.caches != nullptr});
  }
  return all;
}

std::optional<api::RegionStatus> Peers::statusOf(const api::Region& region) const {
  const auto& name = region.meta.key.name;
  PeerRegion peer;
  {
    const std::lock_guard lock(mutex_);
    const auto known = peers_.find(name);
    if (known == peers_.end()) return std::nullopt;
    peer.sight = known->second.connection->sight();
    peer.judgement = known->second.judgement;
  }
  peer.here = &region;
  peer.there = regionOf(peer.sight, name);
  peer.self = config_.region;
  const auto& known = region.status.clusterUID;
  peer.agreement = agreementOn(region, known.empty() ? peer.sight.clusterUid : known, witnesses(name));
  return peers::statusOf(peer, config_.now());
}

std::optional<Finding> Peers::agreementOnOwn(const api::Region& region) const {
  if (!any()) return std::nullopt;
  return agreementOn(region, config_.clusterUid, witnesses(region.meta.key.name));
}

// By the Region objects too, as any().
std::vector<plan::PeerOrder> Peers::orders(const std::string& order) const {
  std::map<std::string, plan::PeerOrder> byName;
  for (const auto& region : config_.regions->store().snapshot()) {
    const auto& name = region->meta.key.name;
    if (isPeer(*region)) byName[name] = {name, false, nullptr};
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [name, peer] : peers_) {
    const auto sight = peer.connection->sight();
    plan::PeerOrder seen;
    seen.region = name;
    const auto health = peer.judgement.health;
    seen.known = sight.caches && sight.contact.reason.empty() &&
                 (health == fleet::Health::Live || health == fleet::Health::Returning ||
                  health == fleet::Health::Cordoned);
    if (sight.caches) {
      const api::Key key{"", order};
      const auto& cache = sight.caches->exitOrders;
      seen.order = cache.store().get(key);
      seen.known = seen.known && (seen.order || !cache.unreadable(key));
    }
    byName[name] = std::move(seen);
  }
  std::vector<plan::PeerOrder> all;
  for (auto& [name, seen] : byName) all.push_back(std::move(seen));
  return all;
}

std::vector<api::EvidenceHead> Peers::countersigned(std::vector<api::EvidenceHead> own) const {
  return withWitnesses(std::move(own), config_.region, witnesses(config_.region));
}

std::vector<fleet::OriginView> Peers::origins(const api::Key& deployment) const {
  std::vector<fleet::OriginView> all;
  for (const auto& sight : sights()) {
    fleet::OriginView origin;
    origin.region = sight.region;
    origin.clusterUid = sight.clusterUid;
    origin.stranger = sight.contact.reason == "OtherCluster";
    // Who is refused has said nothing.
    origin.read = sight.caches != nullptr && !sight.clusterUid.empty() &&
                  (sight.contact.reason.empty() || origin.stranger);
    if (sight.caches) {
      origin.deployment = sight.caches->deployments.store().get(deployment);
      const auto own = regionOf(sight, sight.region);
      for (const auto& tombstone : own ? own->status.tombstones : std::vector<api::Tombstone>{}) {
        if (tombstone.ns == deployment.ns && tombstone.name == deployment.name) {
          origin.tombstones.push_back(tombstone);
        }
      }
      // What cannot be read is not gone; of what is gone there is a tombstone.
      if (!origin.deployment && origin.tombstones.empty() &&
          sight.caches->deployments.unreadable(deployment)) {
        origin.read = false;
      }
    }
    all.push_back(std::move(origin));
  }
  return all;
}

std::vector<api::Key> Peers::deploymentNames() const {
  std::set<api::Key> all;
  for (const auto& sight : sights()) {
    if (!sight.caches) continue;
    sight.caches->deployments.store().forEach(
        [&](const api::ModelDeployment& deployment) { all.insert(deployment.meta.key); });
  }
  return {all.begin(), all.end()};
}

std::set<std::string> Peers::deploymentUids() const {
  std::set<std::string> all;
  for (const auto& sight : sights()) {
    if (!sight.caches) continue;
    sight.caches->deployments.store().forEach(
        [&](const api::ModelDeployment& deployment) { all.insert(deployment.meta.uid); });
  }
  return all;
}

std::shared_ptr<PeerConnection> Peers::connectionTo(const std::string& peer) const {
  const std::lock_guard lock(mutex_);
  const auto known = peers_.find(peer);
  return known == peers_.end() ? nullptr : known->second.connection;
}

kube::ApiResult<std::string> Peers::readOriginal(const std::string& peer,
                                                 const api::Key& deployment,
                                                 std::stop_token stop) const {
  const auto connection = connectionTo(peer);
  if (!connection) {
    return tl::unexpected(kube::toApiError(kube::TransportError{
        kube::TransportError::Kind::Unreachable, "region " + peer + " is no peer any more"}));
  }
  const auto answer = kube::perform(connection->transport(),
                                    kube::get(kube::resources::modelDeployments, deployment),
                                    std::move(stop));
  if (!answer) return tl::unexpected(answer.error());
  return answer->body;
}

std::optional<api::ModelDeployment> Peers::readAfresh(const std::string& peer,
                                                      const api::Key& deployment,
                                                      std::stop_token stop) const {
  const auto connection = connectionTo(peer);
  if (!connection || !connection->sight().contact.reason.empty()) return std::nullopt;
  auto read = kube::read<api::ModelDeployment>(
      connection->transport(), kube::get(kube::resources::modelDeployments, deployment),
      std::move(stop), decodeForeignDeployment);
  if (!read) return std::nullopt;
  return *std::move(read);
}

}  // namespace bailiwick::peers
