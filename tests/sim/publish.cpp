// What a region tells of itself and of the others, in its own status.

#include "fleet/offer.hpp"
#include "sim/region.hpp"

namespace bailiwick::sim {
namespace {

// Relayed: none where that is what was told before.
std::optional<api::RegionEntry> relay(const std::string& name, const fleet::PeerCourse& peer,
                                      const api::RegionEntry* before, api::Time wall) {
  static const std::vector<api::VariantCount> none;
  const auto health = fleet::nameOf(peer.standing.judgement().health);
  const bool sameHealth = before && before->health == health;
  if (sameHealth && before->share == (peer.claim ? peer.claim->share : none) &&
      before->ready == (peer.claim ? peer.claim->ready : none)) {
    return std::nullopt;
  }
  api::RegionEntry entry;
  if (peer.claim) entry = *peer.claim;
  entry.name = name;
  entry.self = false;
  entry.health = health;
  entry.healthSince = sameHealth ? before->healthSince : wall;
  return entry;
}

}  // namespace

api::RegionEntry FleetSim::entryOf(const Region& region, const Held& held) const {
  api::RegionEntry entry;
  entry.name = region.name;
  entry.self = true;
  entry.health = "Live";
  entry.allocator = region.allocator;
  entry.specHash = region.memory->course(held.uid())->specHash;
  entry.offer = offersOf(region, held, !region.outsider);
  entry.ready = fleet::listOf(count(held, true), spec_);
  entry.share = fleet::listOf(held.decision->publish, spec_);
  return entry;
}

// The status, if it says anything new. Own entry first, the others by name.
bool FleetSim::publish(int r, Held& held) {
  auto& region = *regions_[r];
  const auto& course = *region.memory->course(held.uid());
  const auto& told = held.object->status.regions;
  const auto* old = fleet::selfEntry(*held.object, region.name);
  auto own = entryOf(region, held);
  own.sequence = old ? old->sequence : 0;
  // The number changes only with what an entry says.
  const bool changed = !old || !(own == *old);
  const bool news =
      changed || (options_.bug == Bug::WritesWithoutCause && now_ - lastWrite_ > 1000);
  std::vector<std::pair<std::size_t, api::RegionEntry>> relayed;
  std::size_t index = 0;
  for (const auto& [name, peer] : course.peers) {
    ++index;
    auto entry = relay(name, peer, index < told.size() ? &told[index] : nullptr, wall(region));
    if (entry) relayed.emplace_back(index, *std::move(entry));
  }
  if (!news && relayed.empty()) return false;
  if (changed) own.sequence = fleet::nextSequence(own.sequence, wall(region));
  auto object = std::make_shared<api::ModelDeployment>(*held.object);
  auto& entries = object->status.regions;
  entries.resize(course.peers.size() + 1);
  entries[0] = std::move(own);
  for (auto& [at, entry] : relayed) entries[at] = std::move(entry);
  held.object = std::move(object);
  held.history.emplace_back(now_, held.object);
  if (held.history.size() > static_cast<std::size_t>(options_.history)) {
    held.history.erase(held.history.begin());
  }
  ++region.revision;
  held.dirty = true;
  ++writes_;
  lastWrite_ = now_;
  return true;
}

}  // namespace bailiwick::sim
