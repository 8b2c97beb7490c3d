#include "sim/fleet_sim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/region.hpp"

namespace bailiwick::sim {
namespace {

constexpr Millis beginning = 1'795'428'000'000;  // wall time at virtual time zero

api::ModelDeploymentSpec specOf(const Options& options) {
  api::ModelDeploymentSpec spec;
  spec.servedName = "assistant";
  spec.replicas = options.units;
  spec.placement.jurisdictions = {"EU"};
  spec.placement.strategy = options.strategy;
  spec.failover = options.failover;
  if (options.bug == Bug::FailsBackAtOnce) spec.failover.failbackAfter = api::Duration(1);
  if (options.bug == Bug::SuspicionIsLoss) spec.failover.lostAfter = api::Duration(1100);
  if (options.bug == Bug::ExpandsWhenIsolated) spec.failover.onIsolation = "Expand";
  api::Variant variant;
  variant.name = "whole";
  variant.accelerator.perReplica = 8;
  spec.variants.push_back(variant);
  if (!options.twoVariants) return spec;
  variant.name = "half";
  variant.capacity = 500;
  variant.accelerator.perReplica = 4;
  spec.variants.push_back(variant);
  return spec;
}

}  // namespace

FleetSim::FleetSim(const Options& options, std::uint64_t seed)
    : options_(options),
      random_(seed),
      spec_(specOf(options)),
      plain_(std::make_shared<const api::Region>()) {
  api::Region cordoned;
  cordoned.cordoned = true;
  cordoned_ = std::make_shared<const api::Region>(std::move(cordoned));
  wanted_.emplace_back(0, fleet::wantedUnits(spec_));
  const int count = options.regions + (options.outsider ? 1 : 0);
  for (int r = 0; r < count; ++r) regions_.push_back(makeRegion(r, count));
  for (auto& region : regions_) beginOperator(*region);
}

FleetSim::~FleetSim() = default;

// Names of one length: so they sort as the numbers do.
std::unique_ptr<FleetSim::Region> FleetSim::makeRegion(int r, int count) {
  auto region = std::make_unique<Region>();
  const auto size = static_cast<std::size_t>(count);
  region->name = fmt::format("r{:0{}}", r, fmt::formatted_size("{}", count - 1));
  region->self = static_cast<std::size_t>(r);
  region->outsider = options_.outsider && r == count - 1;
  region->slots = options_.slots;
  region->cutTo.assign(size, 0);
  region->refusedBy.assign(size, 0);
  region->lagOf.assign(size, 0);
  region->watched.resize(size);
  region->nextTurn = random_.below(300);
  for (int d = 0; d < options_.deployments; ++d) {
    auto& held = region->held.emplace_back();
    held.deployment = d;
    held.judged.resize(size);
    const auto suffix = d == 0 ? std::string() : fmt::format("-{:04}", d);
    auto object = std::make_shared<api::ModelDeployment>();
    object->spec = spec_;
    object->meta.key = {"team", "assistant" + suffix};
    if (options_.bug == Bug::TiesBreakDifferently) object->meta.key.name += region->name;
    object->meta.uid = "uid" + suffix;
    object->meta.generation = 1;
    held.object = std::move(object);
  }
  return region;
}

api::Time FleetSim::wall(const Region& region) const {
  return api::Time(std::chrono::milliseconds(beginning + now_ + region.wallOffset));
}

fleet::Mono FleetSim::mono(const Region& region) const {
  return fleet::Mono(region.monoBase + (now_ - region.monoSince) * region.rate / 100);
}

api::Units FleetSim::capacity(int variant) const { return spec_.variants[variant].capacity; }

void FleetSim::violate(std::string what) {
  if (violations_.size() < 20) violations_.push_back(fmt::format("at {} ms: {}", now_, what));
}

void FleetSim::beginOperator(Region& region) {
  region.memory = std::make_unique<fleet::Memory>(region.name);
  region.view.peers.clear();
  for (auto& watched : region.watched) {
    watched.last = fleet::Look::Stale;
    watched.beat = 0;
    watched.list = nullptr;
    watched.revision = ~std::uint64_t{0};
    watched.refusedSince = -1;  // until it looks itself, what it remembers of a peer stands
  }
  for (auto& held : region.held) recall(held);
  region.nextLook = now_ + random_.below(static_cast<int>(lookEvery));
  region.nextTurn = now_ + 50 + random_.below(300);
  const bool known = region.held.front().object->status.regions.size() > 1;
  for (const auto& peer : regions_) {
    if (peer.get() == &region) continue;
    fleet::Peer seen;
    seen.name = peer->name;
    seen.region = seen.own = plain_;
    seen.sightings = fleet::Sightings(mono(region));
    if (options_.bug == Bug::CountsOnStrangers && known) {
      seen.sightings.look(fleet::Look::Changed, mono(region) - fleet::Mono(100000));
    }
    region.view.peers.push_back(std::move(seen));
  }
}

// What its status does not tell, an operator that begins does not know.
void FleetSim::recall(Held& held) {
  held.decision.reset();
  held.asking = held.asked = 0;
  held.dirty = true;
  held.seen.assign(regions_.size(), nullptr);
  for (int p = 0; p < regions(); ++p) {
    const auto& entries = held.object->status.regions;
    const auto told = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
      return entry.name == regions_[p]->name &&
             (entry.health == "Lost" || entry.health == "Returning");
    });
    if (told == entries.end()) {
      held.judged[p] = {};
    } else {
      // A return that was not written is forgotten.
      held.judged[p].health = *fleet::healthNamed(told->health);
    }
  }
}

void FleetSim::run(Millis until) {
  while (true) {
    int next = 0;
    for (int r = 1; r < regions(); ++r) {
      if (regions_[r]->nextTurn < regions_[next]->nextTurn) next = r;
    }
    if (regions_[next]->nextTurn > until) break;
    now_ = regions_[next]->nextTurn;
    turn(next);
  }
  now_ = until;
}

void FleetSim::turn(int r) {
  auto& region = *regions_[r];
  bool busy = false;
  if (region.up && region.running && !region.stopped) {
    beat(region);
    if (now_ >= region.nextLook) {
      region.nextLook = now_ + lookEvery * options_.pace;
      look(r);
    }
    busy = work(r);
  }
  region.nextTurn =
      now_ + (busy ? 10 + random_.below(90) : 150 + random_.below(100)) * options_.pace;
}

// Whether there is more to do.
bool FleetSim::work(int r) {
  auto& region = *regions_[r];
  const auto time = mono(region);
  std::vector<Held*> due;
  for (auto& held : region.held) {
    for (const auto& pod : held.pods) {
      if (pod.readyAt > held.plannedAt && pod.readyAt <= now_) held.dirty = true;
    }
    const bool awake = held.decision && held.decision->wakeAt && time >= *held.decision->wakeAt;
    if (held.dirty || awake) due.push_back(&held);
  }
  if (!due.empty()) judge(r);
  for (auto* held : due) plan(r, *held);
  bool busy = !due.empty();
  for (auto& held : region.held) {
    if (held.decision) act(r, held);
    busy = busy || held.dirty || held.asking != 0;
  }
  return busy;
}

int FleetSim::readyIn(int r, int deployment) const {
  int units = 0;
  for (const auto& pod : regions_[r]->held[deployment].pods) {
    if (pod.readyAt <= now_) units += static_cast<int>(capacity(pod.variant));
  }
  return units;
}

int FleetSim::podsIn(int r, int deployment) const {
  return static_cast<int>(regions_[r]->held[deployment].pods.size());
}

int FleetSim::shareOf(int r, int deployment) const {
  const auto& region = *regions_[r];
  const auto* entry = fleet::selfEntry(*region.held[deployment].object, region.name);
  return entry ? static_cast<int>(fleet::unitsOf(fleet::countsOf(entry->share, spec_), spec_)) : 0;
}

std::int64_t FleetSim::ready(int deployment) const {
  std::int64_t units = 0;
  for (int r = 0; r < regions(); ++r) units += readyIn(r, deployment);
  return units;
}

fleet::Health FleetSim::healthOf(int observer, int peer) const {
  const auto& region = *regions_[observer];
  const auto* course = region.memory->course(region.held.front().uid());
  if (!course) return fleet::Health::Unknown;
  const auto found = course->peers.find(regions_[peer]->name);
  return found == course->peers.end() ? fleet::Health::Unknown
                                      : found->second.standing.judgement().health;
}

}  // namespace bailiwick::sim
