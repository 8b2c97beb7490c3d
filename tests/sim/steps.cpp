// The steps of a region's operator, in the order of a turn.

#include <algorithm>

#include "fleet/offer.hpp"
#include "sim/region.hpp"

namespace bailiwick::sim {

using fleet::Counts;

namespace {

bool misremembers(Bug bug) {
  return bug == Bug::AllocatesWithoutWaiting || bug == Bug::CountsOnWhoWasSuspect;
}

}  // namespace

void FleetSim::judge(int r) {
  auto& region = *regions_[r];
  for (int p = 0; p < regions(); ++p) {
    if (p != r) region.peer(p).own = regions_[p]->cordoned ? cordoned_ : plain_;
  }
  region.view.now = mono(region);
  std::vector<const api::ModelDeployment*> all;
  for (const auto& held : region.held) all.push_back(held.object.get());
  region.memory->update(region.view, all, wall(region));
  for (auto& held : region.held) checkJudgements(r, held);
}

Counts FleetSim::count(const Held& held, bool onlyReady) const {
  Counts counts(spec_.variants.size(), 0);
  for (const auto& pod : held.pods) {
    if (!onlyReady || pod.readyAt <= now_) ++counts[static_cast<std::size_t>(pod.variant)];
  }
  return counts;
}

std::vector<api::VariantOffer> FleetSim::offersOf(const Region& region, const Held& held,
                                                  bool admitted) const {
  std::vector<api::VariantOffer> offers;
  const auto running = count(held, false);
  for (std::size_t v = 0; v < spec_.variants.size(); ++v) {
    const auto& variant = spec_.variants[v];
    const int slots = region.slots * 1000 / static_cast<int>(variant.capacity);
    const int offer = !admitted || region.forbidden ? 0 : region.cordoned ? running[v] : slots;
    const int most = std::min(offer, fleet::capOf(variant, held.object->spec));
    offers.push_back({variant.name, most, {"pool"}, "", ""});
  }
  return offers;
}

fleet::Here FleetSim::hereOf(const Region& region, const Held& held) const {
  const bool admitted = !region.outsider || options_.bug == Bug::LeavesTheDomain;
  fleet::Here here{*held.object, region.name};
  here.cordoned = region.cordoned;
  here.offer = offersOf(region, held, admitted);
  here.running = count(held, false);
  here.ready = admitted && !region.forbidden ? count(held, true) : Counts(here.running.size(), 0);
  if (options_.bug == Bug::ForgetsThePromiseOnRestart) here.running.assign(here.running.size(), 0);
  return here;
}

void FleetSim::plan(int r, Held& held) {
  auto& region = *regions_[r];
  held.dirty = held.told = false;
  held.plannedAt = now_;
  const auto* course = region.memory->course(held.uid());
  fleet::Course changed;
  if (misremembers(options_.bug)) course = &(changed = misremembered(region, *course));
  std::vector<fleet::PeerInput> peers;
  peers.reserve(region.view.peers.size());
  std::size_t index = 0;  // both are in order of name, and complete
  for (const auto& [name, known] : course->peers) {
    const auto p = region.regionAt(index);
    const auto& peer = region.view.peers[index++];
    if (regions_[p]->outsider && options_.bug != Bug::LeavesTheDomain) continue;
    peers.push_back({&peer, &known});
  }
  held.decision = fleet::decide(hereOf(region, held), *course, peers, region.view);
  region.memory->keep(held.uid(), held.decision->handover);
  addBug(region, *held.decision);
  checkIsolation(r, held);
}

// What a course would hold with the bug.
fleet::Course FleetSim::misremembered(const Region& region, fleet::Course course) const {
  if (options_.bug == Bug::AllocatesWithoutWaiting) course.specSince = fleet::Mono(-1'000'000);
  if (options_.bug != Bug::CountsOnWhoWasSuspect) return course;
  const auto thresholds = fleet::thresholdsOf(spec_.failover);
  std::size_t index = 0;
  for (auto& [name, peer] : course.peers) {
    const auto& seen = region.view.peers[index++];
    if (peer.standing.judgement().out) continue;
    peer.standing = {};
    peer.standing.update(seen.sightings, thresholds, seen.own->cordoned, region.view.now);
  }
  return course;
}

void FleetSim::addBug(const Region& region, fleet::Decision& decision) const {
  if (options_.bug == Bug::RemovesBeforePublishing) {
    decision.run = decision.publish;
  } else if ((options_.bug == Bug::DrainsWithoutReplacement && region.cordoned) ||
             (options_.bug == Bug::DropsWhatTheLawForbids && region.forbidden)) {
    decision.run = Counts(spec_.variants.size(), 0);
  } else {
    return;
  }
  decision.units = fleet::unitsOf(decision.run, spec_);
}

void FleetSim::act(int r, Held& held) {
  if (!regions_[r]->writable()) return;
  if (held.asking == 0 && !held.told) {
    held.told = true;
    if (publish(r, held)) return;
  }
  if (ask(r, held)) return;
  scale(r, held);
}

// A few peers at a time: one, unless the fleet is large.
bool FleetSim::ask(int r, Held& held) {
  auto& region = *regions_[r];
  const auto& inquiry = held.decision->inquiry;
  if (!inquiry || inquiry->ticket == held.asked) {
    held.asking = 0;
    return false;
  }
  if (held.asking != inquiry->ticket) {
    held.asking = inquiry->ticket;
    held.askedPeers = 0;
    held.answers.clear();
    held.countedOn = 0;
  }
  if (held.askedPeers < inquiry->peers.size()) {
    for (int n = 0; n < options_.reads && held.askedPeers < inquiry->peers.size(); ++n) {
      readPeer(r, held, inquiry->peers[held.askedPeers++]);
    }
    return true;
  }
  const auto* course = region.memory->course(held.uid());
  auto findings = fleet::findingsOf(inquiry->ticket, spec_, *course, held.answers);
  if (options_.bug == Bug::GivesUpWithoutReading) findings.held = 1'000'000;
  held.asked = inquiry->ticket;
  held.asking = 0;
  held.countedAt = now_;
  region.memory->answered(held.uid(), findings, mono(region));
  held.dirty = true;
  return true;
}

void FleetSim::readPeer(int r, Held& held, const std::string& name) {
  const auto& region = *regions_[r];
  const int p = std::stoi(name.substr(1));
  const bool can = reaches(r, p) && !region.refusedBy[p] && region.lagOf[p] < longestRead;
  const bool serves = !regions_[p]->noGatewaySince;
  if (serves && !cameBackLately(region, held, p)) held.countedOn += readyIn(p, held.deployment);
  if (!serves && options_.bug != Bug::CountsWhatDoesNotServe) return;
  if (options_.bug == Bug::ReadsTheCacheInsteadOfAfresh ||
      (options_.bug == Bug::CountsWhatCannotBeRead && !can)) {
    if (held.seen[p]) held.answers.emplace_back(name, *held.seen[p]);
  } else if (can) {
    held.answers.emplace_back(name, *regions_[p]->held[held.deployment].object);
  }
}

// As plan::nextStep does: what is missing comes at once, what is too many goes when enough is Ready.
void FleetSim::scale(int r, Held& held) {
  auto& region = *regions_[r];
  const auto& decision = *held.decision;
  const auto pods = count(held, false);
  if (pods == decision.run) return;
  auto used = fleet::unitsOf(pods, spec_);
  if (region.outsider && decision.units > 0) violate(region.name + " serves outside the domain");
  const bool may = !region.forbidden && !region.cordoned;
  for (int v = 0; v < static_cast<int>(spec_.variants.size()); ++v) {
    int running = pods[v];
    while (may && running < decision.run[v] && used + capacity(v) <= region.slots * 1000) {
      held.pods.push_back({v, now_ + 200 + random_.below(900)});
      used += capacity(v);
      ++running;
      lastChange_ = now_;
    }
    while (running > decision.run[v] && remove(r, held, v)) {
      --running;
      held.dirty = true;
    }
  }
}

bool FleetSim::remove(int r, Held& held, int variant) {
  auto victim = held.pods.end();
  for (auto pod = held.pods.begin(); pod != held.pods.end(); ++pod) {
    if (pod->variant == variant && (victim == held.pods.end() || pod->readyAt > victim->readyAt)) {
      victim = pod;
    }
  }
  if (victim == held.pods.end()) return false;
  const bool serves = victim->readyAt <= now_;
  const auto units = readyIn(r, held.deployment);
  if (serves && units - capacity(variant) < held.decision->units) return false;
  held.pods.erase(victim);
  lastChange_ = now_;
  if (serves) checkRemoval(r, held, capacity(variant));
  return true;
}

}  // namespace bailiwick::sim
