#include "sim/fleet_sim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "api/hash.hpp"
#include "fleet/offer.hpp"

namespace bailiwick::sim {
namespace {

using fleet::Counts;
using fleet::Health;
using fleet::Look;

constexpr Millis heartbeat = 500, lookEvery = 250, lease = 3000;
constexpr Millis beginning = 1'795'428'000'000;  // wall time at virtual time zero
// What a fault takes away is known to the others so much later at most.
constexpr Millis newsTravels = 1500;

using Object = std::shared_ptr<const api::ModelDeployment>;

struct View {
  Look last = Look::Stale;
  std::uint64_t beat = 0;
  Object object;
};

}  // namespace

struct FleetSim::Region {
  std::string name;
  bool outsider = false;
  bool up = true, running = true, stopped = false, quorum = true, frozen = false;
  bool forbidden = false, cordoned = false;
  std::vector<char> cutTo, refusedBy;
  int rate = 100;
  Millis wallOffset = 0, monoBase = 0, monoSince = 0;
  int slots = 0;
  std::vector<Pod> pods;
  std::vector<Millis> silentSince, deafSince, refusedSince;  // of each peer, as it was looked at; -1: not
  std::vector<Health> judged;
  Millis stoppedAt = -8000, plannedAt = 0;
  int fastest = 100;  // rate of its clock
  std::optional<api::Units> isolatedRun;
  // The API server.
  Object object, oldObject;
  std::deque<std::pair<Millis, Object>> history;
  std::uint64_t beats = 0;
  // The operator.
  std::unique_ptr<fleet::Memory> memory;
  fleet::FleetView view;
  std::vector<View> views;
  std::optional<fleet::Decision> decision;
  std::uint64_t asking = 0, asked = 0;
  std::size_t askedPeers = 0;
  std::vector<std::pair<std::string, api::ModelDeployment>> answers;
  bool dirty = true;
  bool told = false;  // the latest plan is in the status
  Millis nextTurn = 0, nextBeat = 0, nextLook = 0;
  std::deque<std::pair<Millis, api::Units>> lost;  // by faults, lately
  std::vector<Millis> returnedAt;                  // of each peer, as judged here

  // Where a peer is in the view, which has all but oneself.
  std::size_t self = 0;
  fleet::Peer& peer(int p) {
    const auto index = static_cast<std::size_t>(p);
    return view.peers[index < self ? index : index - 1];
  }
};

FleetSim::FleetSim(const Options& options, std::uint64_t seed) : options_(options), random_(seed) {
  spec_.servedName = "assistant";
  spec_.replicas = options.units;
  spec_.placement.jurisdictions = {"EU"};
  spec_.placement.strategy = options.strategy;
  spec_.failover = options.failover;
  if (options.bug == Bug::FailsBackAtOnce) spec_.failover.failbackAfter = api::Duration(1);
  if (options.bug == Bug::SuspicionIsLoss) spec_.failover.lostAfter = api::Duration(1100);
  if (options.bug == Bug::ExpandsWhenIsolated) spec_.failover.onIsolation = "Expand";
  api::Variant whole;
  whole.name = "whole";
  whole.accelerator.perReplica = 8;
  spec_.variants.push_back(whole);
  if (options.twoVariants) {
    whole.name = "half";
    whole.capacity = 500;
    whole.accelerator.perReplica = 4;
    spec_.variants.push_back(whole);
  }
  wanted_.emplace_back(0, fleet::wantedUnits(spec_));
  const int count = options.regions + (options.outsider ? 1 : 0);
  for (int r = 0; r < count; ++r) {
    auto region = std::make_unique<Region>();
    region->name = fmt::format("r{}", r);
    region->outsider = options.outsider && r == count - 1;
    region->slots = options.slots;
    region->cutTo.assign(static_cast<std::size_t>(count), 0);
    region->refusedBy.assign(static_cast<std::size_t>(count), 0);
    region->silentSince.assign(static_cast<std::size_t>(count), -1);
    region->deafSince.assign(static_cast<std::size_t>(count), -1);
    region->refusedSince.assign(static_cast<std::size_t>(count), -1);
    region->judged.assign(static_cast<std::size_t>(count), Health::Unknown);
    region->self = static_cast<std::size_t>(r);
    region->returnedAt.assign(static_cast<std::size_t>(count), -1'000'000);
    region->nextTurn = random_.below(300);
    auto object = std::make_shared<api::ModelDeployment>();
    object->spec = spec_;
    object->meta.key = {"team", "assistant"};
    if (options.bug == Bug::TiesBreakDifferently) object->meta.key.name += region->name;
    object->meta.uid = "uid";
    object->meta.generation = 1;
    region->object = std::move(object);
    regions_.push_back(std::move(region));
  }
  for (auto& region : regions_) beginOperator(*region);
}

FleetSim::~FleetSim() = default;

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
  region.decision.reset();
  region.view.peers.clear();
  region.views.assign(regions_.size(), {});
  region.asking = region.asked = 0;
  region.dirty = true;
  region.nextLook = now_ + random_.below(static_cast<int>(lookEvery));
  region.nextTurn = now_ + 50 + random_.below(300);
  static const auto plain = std::make_shared<const api::Region>();
  // What its status does not tell, it does not know.
  for (int p = 0; p < regions(); ++p) {
    const auto& entries = region.object->status.regions;
    const auto told = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
      return entry.name == regions_[p]->name &&
             (entry.health == "Lost" || entry.health == "Returning");
    });
    if (told != entries.end()) {
      // A return that was not written is forgotten.
      if (told->health == "Lost") region.judged[p] = Health::Lost;
      continue;
    }
    region.returnedAt[p] = -1'000'000;
    region.judged[p] = Health::Unknown;
  }
  for (const auto& peer : regions_) {
    if (peer.get() == &region) continue;
    fleet::Peer seen;
    seen.name = peer->name;
    seen.region = seen.own = plain;
    seen.sightings = fleet::Sightings(mono(region));
    if (options_.bug == Bug::CountsOnStrangers && region.object->status.regions.size() > 1) {
      seen.sightings.look(Look::Changed, mono(region) - fleet::Mono(100000));
    }
    region.view.peers.push_back(std::move(seen));
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
  const bool works = region.up && region.running && !region.stopped;
  bool busy = false;
  if (works) {
    beat(region);
    if (now_ >= region.nextLook) {
      region.nextLook = now_ + lookEvery;
      if (look(r)) region.dirty = true;
    }
    for (const auto& pod : region.pods) {
      if (pod.readyAt > region.plannedAt && pod.readyAt <= now_) region.dirty = true;
    }
    const bool due = region.decision && region.decision->wakeAt &&
                     mono(region) >= *region.decision->wakeAt;
    if (region.dirty || due) {
      plan(r);
      busy = true;
    }
    if (region.decision) act(r);
    busy = busy || region.dirty || region.asking != 0;
  }
  region.nextTurn = now_ + (busy ? 10 + random_.below(90) : 150 + random_.below(100));
}

void FleetSim::beat(Region& region) {
  if (now_ < region.nextBeat || !region.quorum) return;
  region.nextBeat = now_ + heartbeat * 100 / region.rate;
  ++region.beats;
}

bool FleetSim::reaches(int r, int peer) const {
  const auto& other = *regions_[peer];
  return !regions_[r]->cutTo[peer] && other.up && other.quorum;
}

Look FleetSim::lookAt(int r, int p, bool& newer) {
  auto& region = *regions_[r];
  const auto& peer = *regions_[p];
  auto& view = region.views[p];
  if (!reaches(r, p)) return Look::Unreachable;
  if (region.refusedBy[p]) {
    return options_.bug == Bug::RefusalIsLoss ? Look::Unreachable : Look::Refused;
  }
  const auto& shown = peer.frozen ? peer.oldObject : peer.object;
  // Watches lag a little.
  if (shown != view.object && random_.chance(70)) {
    view.object = shown;
    auto list = std::make_shared<fleet::PeerDeployments>();
    auto key = region.object->meta.key;
    if (shown) (*list)[key] = shown;
    region.peer(p).deployments = std::move(list);
    newer = true;
  }
  const bool changed = view.beat != peer.beats;
  view.beat = peer.beats;
  if (options_.bug == Bug::OneClockForAll && peer.wallOffset < region.wallOffset - 5000) {
    return Look::Unreachable;
  }
  return changed ? Look::Changed : Look::Stale;
}

bool FleetSim::look(int r) {
  auto& region = *regions_[r];
  bool news = false;
  for (int p = 0; p < regions(); ++p) {
    if (p == r) continue;
    const auto seen = lookAt(r, p, news);
    auto& view = region.views[p];
    const auto kind = [](Look one) { return one == Look::Stale ? Look::Changed : one; };
    if (kind(seen) != kind(view.last)) news = true;
    view.last = seen;
    auto& sightings = region.peer(p).sightings;
    if (options_.bug == Bug::SleepsAndTakesItForSilence) {
      for (auto at = region.view.now; at < mono(region); at += fleet::Mono(900)) {
        sightings.look(Look::Unreachable, at);
      }
    }
    sightings.look(seen, mono(region));
    auto& silent = region.silentSince[p];
    silent = seen != Look::Unreachable && seen != Look::Stale ? -1 : silent < 0 ? now_ : silent;
    auto& deaf = region.deafSince[p];
    deaf = seen != Look::Unreachable ? -1 : deaf < 0 ? now_ : deaf;
    auto& refused = region.refusedSince[p];
    refused = !(reaches(r, p) && region.refusedBy[p]) ? -1 : refused < 0 ? now_ : refused;
  }
  region.view.now = mono(region);
  return news;
}

void FleetSim::judge(int r) {
  auto& region = *regions_[r];
  static const auto plain = std::make_shared<const api::Region>();
  static const auto cordoned = [] {
    auto object = std::make_shared<api::Region>();
    object->cordoned = true;
    return std::shared_ptr<const api::Region>(object);
  }();
  for (int p = 0; p < regions(); ++p) {
    if (p != r) region.peer(p).own = regions_[p]->cordoned ? cordoned : plain;
  }
  region.view.now = mono(region);
  const std::vector<const api::ModelDeployment*> all{region.object.get()};
  region.memory->update(region.view, all, wall(region));
}

void FleetSim::plan(int r) {
  auto& region = *regions_[r];
  region.dirty = region.told = false;
  region.plannedAt = now_;
  judge(r);
  const auto* course = region.memory->course("uid");
  fleet::Here here{*region.object, region.name};
  here.cordoned = region.cordoned;
  const bool admitted = !region.outsider || options_.bug == Bug::LeavesTheDomain;
  for (std::size_t v = 0; v < spec_.variants.size(); ++v) {
    const int slots = region.slots * 1000 / static_cast<int>(spec_.variants[v].capacity);
    const bool lawful = admitted && !region.forbidden;
    const int held = static_cast<int>(std::count_if(
        region.pods.begin(), region.pods.end(),
        [&](const Pod& pod) { return pod.variant == static_cast<int>(v); }));
    const int offer = !lawful ? 0 : region.cordoned ? held : slots;
    here.offer.push_back({spec_.variants[v].name,
                          std::min(offer, fleet::capOf(spec_.variants[v], region.object->spec)),
                          {"pool"},
                          "",
                          ""});
    here.running.push_back(held);
    here.ready.push_back(static_cast<int>(
        lawful ? std::count_if(region.pods.begin(), region.pods.end(),
                               [&](const Pod& pod) {
                                 return pod.variant == static_cast<int>(v) && pod.readyAt <= now_;
                               })
               : 0));
  }
  if (options_.bug == Bug::ForgetsThePromiseOnRestart && course) here.running.assign(here.running.size(), 0);
  std::vector<fleet::PeerInput> peers;
  for (int p = 0; p < regions(); ++p) {
    if (p == r || (regions_[p]->outsider && options_.bug != Bug::LeavesTheDomain)) continue;
    const auto& peer = region.peer(p);
    const auto known = course->peers.find(peer.name);
    if (known != course->peers.end()) peers.push_back({&peer, &known->second});
  }
  fleet::Course changed;
  if (options_.bug == Bug::AllocatesWithoutWaiting) {
    changed = *course;
    changed.specSince = fleet::Mono(-1'000'000);
    course = &changed;
    for (auto& in : peers) in.course = &changed.peers.at(in.peer->name);
  }
  region.decision = fleet::decide(here, *course, peers, region.view);
  auto& decision = *region.decision;
  region.memory->keep("uid", decision.handover);
  if (options_.bug == Bug::RemovesBeforePublishing ||
      (options_.bug == Bug::DrainsWithoutReplacement && region.cordoned) ||
      (options_.bug == Bug::DropsWhatTheLawForbids && region.forbidden)) {
    decision.run = options_.bug == Bug::RemovesBeforePublishing
                       ? decision.publish
                       : Counts(spec_.variants.size(), 0);
    decision.units = fleet::unitsOf(decision.run, spec_);
  }
  checkJudgements(r);
  checkIsolation(r);
}

void FleetSim::act(int r) {
  auto& region = *regions_[r];
  if (!region.quorum) return;
  if (region.asking == 0 && !region.told) {
    region.told = true;
    if (publish(r)) return;
  }
  if (ask(r)) return;
  scale(r);
}

// The status, if it says anything new.
bool FleetSim::publish(int r) {
  auto& region = *regions_[r];
  const auto& decision = *region.decision;
  const auto* course = region.memory->course("uid");
  const auto* old = fleet::selfEntry(*region.object, region.name);
  api::RegionEntry entry;
  entry.name = region.name;
  entry.self = true;
  entry.health = "Live";
  entry.specHash = course->specHash;
  for (std::size_t v = 0; v < spec_.variants.size(); ++v) {
    const int slots = region.slots * 1000 / static_cast<int>(capacity(static_cast<int>(v)));
    const bool lawful = !region.outsider && !region.forbidden;
    const auto count = [&](bool all) {
      return static_cast<int>(
          std::count_if(region.pods.begin(), region.pods.end(), [&](const Pod& pod) {
            return pod.variant == static_cast<int>(v) && (all || pod.readyAt <= now_);
          }));
    };
    const int offer = !lawful ? 0 : region.cordoned ? count(true) : slots;
    const auto& variant = spec_.variants[v];
    entry.offer.push_back(
        {variant.name, std::min(offer, fleet::capOf(variant, region.object->spec)), {"pool"}, "", ""});
    if (const int ready = count(false)) entry.ready.push_back({variant.name, ready});
  }
  entry.share = fleet::listOf(decision.publish, spec_);
  if (region.outsider) entry.share.clear();
  std::vector<api::RegionEntry> relayed;
  bool news = !old;
  for (const auto& [name, peer] : course->peers) {
    api::RegionEntry other;
    if (peer.claim) other = *peer.claim;
    other.name = name;
    other.self = false;
    other.health = fleet::nameOf(peer.standing.judgement().health);
    other.healthSince = wall(region);
    const auto before = std::find_if(
        region.object->status.regions.begin(), region.object->status.regions.end(),
        [&](const api::RegionEntry& e) { return !e.self && e.name == name; });
    const bool known = before != region.object->status.regions.end();
    if (known && before->health == other.health) {
      other.healthSince = before->healthSince;
      if (before->share == other.share && before->ready == other.ready) other = *before;
    }
    if (!known || !(*before == other)) news = true;
    relayed.push_back(std::move(other));
  }
  if (old) {
    entry.sequence = old->sequence;
    if (!(entry == *old)) news = true;
  }
  if (options_.bug == Bug::WritesWithoutCause && now_ - lastWrite_ > 1000) news = true;
  if (!news) return false;
  entry.sequence = fleet::nextSequence(old ? old->sequence : 0, wall(region));
  auto object = std::make_shared<api::ModelDeployment>(*region.object);
  object->status.regions.clear();
  object->status.regions.push_back(std::move(entry));
  for (auto& other : relayed) object->status.regions.push_back(std::move(other));
  region.object = std::move(object);
  region.history.emplace_back(now_, region.object);
  if (region.history.size() > 32) region.history.pop_front();
  region.dirty = true;
  ++writes_;
  lastWrite_ = now_;
  return true;
}

// One peer at a time.
bool FleetSim::ask(int r) {
  auto& region = *regions_[r];
  const auto& inquiry = region.decision->inquiry;
  if (!inquiry || inquiry->ticket == region.asked) {
    region.asking = 0;
    return false;
  }
  if (region.asking != inquiry->ticket) {
    region.asking = inquiry->ticket;
    region.askedPeers = 0;
    region.answers.clear();
  }
  if (region.askedPeers < inquiry->peers.size()) {
    const auto& name = inquiry->peers[region.askedPeers++];
    const int p = std::stoi(name.substr(1));
    const bool can = reaches(r, p) && !region.refusedBy[p];
    if (options_.bug == Bug::ReadsTheCacheInsteadOfAfresh ||
        (options_.bug == Bug::CountsWhatCannotBeRead && !can)) {
      if (region.views[p].object) region.answers.emplace_back(name, *region.views[p].object);
    } else if (can && regions_[p]->object) {
      region.answers.emplace_back(name, *regions_[p]->object);
    }
    return true;
  }
  const auto* course = region.memory->course("uid");
  auto findings = fleet::findingsOf(inquiry->ticket, *course, region.answers);
  if (options_.bug == Bug::GivesUpWithoutReading) findings.held = 1'000'000;
  region.asked = inquiry->ticket;
  region.asking = 0;
  region.memory->answered("uid", findings, mono(region));
  region.dirty = true;
  return true;
}

// As plan::nextStep does: what is missing comes at once, what is too many goes when enough is Ready.
void FleetSim::scale(int r) {
  auto& region = *regions_[r];
  const auto& decision = *region.decision;
  int used = 0;
  for (const auto& pod : region.pods) used += static_cast<int>(capacity(pod.variant));
  for (int v = 0; v < static_cast<int>(spec_.variants.size()); ++v) {
    int pods = static_cast<int>(std::count_if(region.pods.begin(), region.pods.end(),
                                              [&](const Pod& pod) { return pod.variant == v; }));
    const bool may = !region.forbidden && !region.cordoned &&
                     (!region.outsider || options_.bug == Bug::LeavesTheDomain);
    while (may && pods < decision.run[v] && used + capacity(v) <= region.slots * 1000) {
      region.pods.push_back({v, now_ + 200 + random_.below(900)});
      used += static_cast<int>(capacity(v));
      ++pods;
      lastChange_ = now_;
      if (region.outsider) violate(region.name + " runs a replica outside the domain");
    }
    while (pods > decision.run[v] && remove(r, v)) {
      --pods;
      region.dirty = true;
    }
  }
}

bool FleetSim::remove(int r, int variant) {
  auto& region = *regions_[r];
  const auto units = readyIn(r);
  auto victim = region.pods.end();
  for (auto pod = region.pods.begin(); pod != region.pods.end(); ++pod) {
    if (pod->variant == variant && (victim == region.pods.end() || pod->readyAt > victim->readyAt)) {
      victim = pod;
    }
  }
  if (victim == region.pods.end()) return false;
  const bool serves = victim->readyAt <= now_;
  if (serves && units - capacity(variant) < region.decision->units) return false;
  region.pods.erase(victim);
  lastChange_ = now_;
  if (serves) checkRemoval(r, capacity(variant));
  return true;
}

void FleetSim::lostByFault(Region& region, api::Units units) {
  if (units > 0) region.lost.emplace_back(now_, units);
  region.dirty = true;
}

// Something Ready was removed by a decision: enough must be left, but for what a fault has taken so
// lately that nobody could know. Nobody may have counted on a region that is not back for long enough.
void FleetSim::checkRemoval(int r, api::Units units) {
  api::Units left = ready(), wanted = fleet::wantedUnits(spec_), returning = 0;
  for (auto& other : regions_) {
    while (!other->lost.empty() && other->lost.front().first < now_ - newsTravels) {
      other->lost.pop_front();
    }
    for (const auto& [at, gone] : other->lost) left += gone;
  }
  for (const auto& [since, value] : wanted_) {
    if (since >= now_ - newsTravels || &wanted_.back() == &wanted_.front()) {
      wanted = std::min(wanted, value);
    }
  }
  // Where the others are Lost, one's own spec decides.
  if (regions_[r]->decision->diverged.empty()) {
    wanted = std::min(wanted, fleet::wantedUnits(regions_[r]->object->spec));
  }
  if (left < wanted) {
    violate(fmt::format("{} removed {} units by its own decision and {} of {} are left",
                        regions_[r]->name, units, left, wanted));
  }
  const auto& region = *regions_[r];
  for (int p = 0; p < regions(); ++p) {
    const auto ago = now_ - region.returnedAt[p];
    if (p != r && ago * region.fastest / 100 < options_.failover.failbackAfter.count() - 50) {
      returning += readyIn(p);
    }
  }
  if (left - returning < wanted && left >= wanted) {
    violate(fmt::format("{} counted on a region that came back less than failbackAfter ago",
                        region.name));
  }
}

// Lost is who was silent for long enough, by the observer's clock, and did not merely refuse.
void FleetSim::checkJudgements(int r) {
  auto& region = *regions_[r];
  const auto* course = region.memory->course("uid");
  for (int p = 0; p < regions(); ++p) {
    const auto known = course->peers.find(regions_[p]->name);
    if (p == r || known == course->peers.end()) continue;
    const auto health = known->second.standing.judgement().health;
    const auto before = std::exchange(region.judged[p], health);
    if (before == Health::Lost && health != Health::Lost) region.returnedAt[p] = now_;
    if (health != Health::Lost) continue;
    const auto& peer = regions_[p]->name;
    if (region.refusedSince[p] >= 0 && now_ - region.refusedSince[p] > 1000) {
      violate(fmt::format("{} takes {} for lost, which refuses it", region.name, peer));
    }
    const auto silent = region.silentSince[p] < 0 ? -1 : now_ - region.silentSince[p];
    // The second in which it was stopped counts.
    const auto slept = now_ - region.stoppedAt < 8000 ? 1000 : 0;
    const auto longest = (silent + heartbeat + lookEvery) * region.fastest / 100 + slept;
    if (before != Health::Lost && (silent < 0 || longest < options_.failover.lostAfter.count())) {
      violate(fmt::format("{} takes {} for lost after {} ms of silence", region.name, peer, silent));
    }
  }
}

// With onIsolation: Hold, who sees nobody in a fleet of three or more takes nothing.
void FleetSim::checkIsolation(int r) {
  auto& region = *regions_[r];
  bool alone = regions() >= 3 && options_.failover.onIsolation == "Hold";
  for (int p = 0; p < regions(); ++p) {
    const auto since = region.deafSince[p];
    if (p != r && (reaches(r, p) || since < 0 || now_ - since < 1500)) alone = false;
  }
  if (!alone) {
    region.isolatedRun.reset();
    return;
  }
  const auto run = fleet::unitsOf(region.decision->run, spec_);
  if (!region.isolatedRun) region.isolatedRun = std::max<api::Units>(run, shareOf(r));
  if (run > *region.isolatedRun) {
    violate(fmt::format("{} sees nobody and takes {} units", region.name, run));
  }
}

int FleetSim::readyIn(int r) const {
  const auto& region = *regions_[r];
  int units = 0;
  for (const auto& pod : region.pods) {
    if (pod.readyAt <= now_) units += static_cast<int>(capacity(pod.variant));
  }
  return units;
}

int FleetSim::podsIn(int r) const { return static_cast<int>(regions_[r]->pods.size()); }

int FleetSim::shareOf(int r) const {
  const auto* entry = fleet::selfEntry(*regions_[r]->object, regions_[r]->name);
  return entry ? static_cast<int>(fleet::unitsOf(fleet::countsOf(entry->share, spec_), spec_)) : 0;
}

std::int64_t FleetSim::ready() const {
  std::int64_t units = 0;
  for (int r = 0; r < regions(); ++r) units += readyIn(r);
  return units;
}

Health FleetSim::healthOf(int observer, int peer) const {
  const auto* course = regions_[observer]->memory->course("uid");
  if (!course) return Health::Unknown;
  const auto found = course->peers.find(regions_[peer]->name);
  return found == course->peers.end() ? Health::Unknown
                                      : found->second.standing.judgement().health;
}

void FleetSim::cut(int from, int to, bool broken) { regions_[from]->cutTo[to] = broken; }

void FleetSim::isolate(int region, bool broken) {
  for (int p = 0; p < regions(); ++p) {
    if (p == region) continue;
    cut(region, p, broken);
    cut(p, region, broken);
  }
}

void FleetSim::refuse(int from, int to, bool refused) { regions_[from]->refusedBy[to] = refused; }

void FleetSim::kill(int r, bool withPods) {
  auto& region = *regions_[r];
  region.up = region.running = false;
  if (!withPods) return;
  lostByFault(region, readyIn(r));
  for (auto& pod : region.pods) pod.readyAt = std::numeric_limits<Millis>::max();
}

void FleetSim::revive(int r) {
  auto& region = *regions_[r];
  if (region.up) return;
  region.up = true;
  for (auto& pod : region.pods) {
    if (pod.readyAt == std::numeric_limits<Millis>::max()) {
      pod.readyAt = now_ + 200 + random_.below(900);
    }
  }
  startOperator(r);
}

void FleetSim::killOperator(int r) { regions_[r]->running = false; }

void FleetSim::startOperator(int r) {
  auto& region = *regions_[r];
  if (region.running || !region.up) return;
  region.running = true;
  beginOperator(region);
}

// One that was stopped past its lease is fenced: another takes over, which begins anew.
void FleetSim::stopOperator(int r, bool stopped) {
  auto& region = *regions_[r];
  if (stopped == region.stopped) return;
  region.stopped = stopped;
  if (stopped) {
    region.stoppedAt = now_;
  } else if (now_ - region.stoppedAt > lease && options_.bug != Bug::SleepsAndTakesItForSilence) {
    beginOperator(region);
  } else {
    region.dirty = true;
    region.nextTurn = now_ + 10;
    region.nextLook = now_;
  }
}

void FleetSim::loseQuorum(int r, bool lost) { regions_[r]->quorum = !lost; }

void FleetSim::freezeView(int r, bool frozen) {
  auto& region = *regions_[r];
  if (frozen && !region.frozen) {
    const auto size = static_cast<int>(region.history.size());
    region.oldObject = size == 0 ? region.object : region.history[random_.below(size)].second;
  }
  region.frozen = frozen;
}

// Status and workloads as they were; the operator begins anew on them.
void FleetSim::restoreBackup(int r, Millis ago) {
  auto& region = *regions_[r];
  Object old;
  for (const auto& [at, object] : region.history) {
    if (at <= now_ - ago) old = object;
  }
  if (!old) return;
  auto restored = std::make_shared<api::ModelDeployment>(*old);
  restored->spec = region.object->spec;
  restored->meta.generation = region.object->meta.generation;
  region.object = std::move(restored);
  region.isolatedRun.reset();  // the last share is that of the backup
  lostByFault(region, readyIn(r));
  region.running = false;
  startOperator(r);
}

void FleetSim::loseNodes(int r, int slotsLeft) {
  auto& region = *regions_[r];
  region.slots = slotsLeft;
  const auto before = readyIn(r);
  int used = 0;
  std::erase_if(region.pods, [&](const Pod& pod) {
    used += static_cast<int>(capacity(pod.variant));
    return used > slotsLeft * 1000;
  });
  lostByFault(region, before - readyIn(r));
}

void FleetSim::cordon(int r, bool cordoned) {
  regions_[r]->cordoned = cordoned;
  for (auto& region : regions_) region->dirty = true;
}

void FleetSim::forbid(int r, bool forbidden) {
  regions_[r]->forbidden = forbidden;
  regions_[r]->dirty = true;
}

void FleetSim::setClock(int r, int ratePercent, Millis wallOffset) {
  auto& region = *regions_[r];
  region.monoBase = mono(region).count();
  region.monoSince = now_;
  region.rate = ratePercent;
  region.fastest = std::max(region.fastest, ratePercent);
  region.wallOffset = wallOffset;
}

void FleetSim::applySpec(Region& region, int units) {
  auto object = std::make_shared<api::ModelDeployment>(*region.object);
  object->spec.replicas = units;
  ++object->meta.generation;
  region.object = std::move(object);
  region.dirty = true;
}

void FleetSim::setUnits(int units) {
  spec_.replicas = units;
  wanted_.emplace_back(now_, fleet::wantedUnits(spec_));
  for (auto& region : regions_) {
    if (region->object->spec.replicas != units) applySpec(*region, units);
  }
}

void FleetSim::setUnits(int r, int units) { applySpec(*regions_[r], units); }

void FleetSim::heal() {
  for (int r = 0; r < regions(); ++r) {
    auto& region = *regions_[r];
    isolate(r, false);
    std::fill(region.refusedBy.begin(), region.refusedBy.end(), 0);
    revive(r);
    startOperator(r);
    stopOperator(r, false);
    loseQuorum(r, false);
    freezeView(r, false);
    setClock(r, 100, region.wallOffset);
    if (region.slots < options_.slots) region.slots = options_.slots;
    region.forbidden = region.cordoned = false;
    if (region.object->spec.replicas != spec_.replicas) applySpec(region, spec_.replicas);
    region.dirty = true;
  }
}

void FleetSim::checkSettled() {
  const auto wanted = fleet::wantedUnits(spec_);
  api::Units shares = 0;
  for (int r = 0; r < regions(); ++r) shares += shareOf(r);
  const auto slack = spec_.variants.size() > 1 ? 500 : 0;
  if (ready() < wanted || ready() > wanted + slack) {
    violate(fmt::format("it settled at {} units instead of {}", ready(), wanted));
  }
  if (shares < wanted || shares > wanted + slack) {
    violate(fmt::format("the shares add up to {} units instead of {}", shares, wanted));
  }
  if (now_ - lastChange_ < 3000 || now_ - lastWrite_ < 3000) {
    violate(fmt::format("it is not quiet: last write at {} ms, last change at {} ms", lastWrite_,
                        lastChange_));
  }
}

}  // namespace bailiwick::sim
