// What a region sees of the others, by links and API servers that may be at fault.

#include "fleet/word.hpp"
#include "sim/region.hpp"

namespace bailiwick::sim {
namespace {

using fleet::Look;

}  // namespace

void FleetSim::beat(Region& region) {
  if (now_ < region.nextBeat || !region.writable()) return;
  region.nextBeat = now_ + heartbeat * 100 / region.rate;
  region.beatAt[region.beats % region.beatAt.size()] = now_;
  ++region.beats;
}

bool FleetSim::reaches(int r, int peer) const {
  const auto& other = *regions_[peer];
  return !regions_[r]->cutTo[peer] && other.up && other.quorum;
}

Look FleetSim::lookAt(int r, int p) {
  auto& region = *regions_[r];
  const auto& peer = *regions_[p];
  auto& watched = region.watched[p];
  if (!reaches(r, p)) return Look::Unreachable;
  if (region.refusedBy[p]) {
    return options_.bug == Bug::RefusalIsLoss ? Look::Unreachable : Look::Refused;
  }
  receive(r, p);
  const auto lag = region.lagOf[p];
  const auto beats = lag > 0 ? peer.beatsAt(now_ - lag) : peer.beats;
  const bool changed = watched.beat != beats;
  watched.beat = beats;
  if (options_.bug == Bug::OneClockForAll && peer.wallOffset < region.wallOffset - 5000) {
    return Look::Unreachable;
  }
  return changed ? Look::Changed : Look::Stale;
}

// Of each look at what a watch has to tell.
bool FleetSim::arrives() { return random_.chance(options_.pace > 1 ? 99 : 70); }

// Watches lag a little; the first set comes as a whole.
void FleetSim::receive(int r, int p) {
  auto& region = *regions_[r];
  auto& peer = *regions_[p];
  auto& watched = region.watched[p];
  const auto lag = region.lagOf[p];
  if (lag == 0 && watched.revision == peer.revision) return;
  const bool first = !watched.list;
  if (first && !arrives()) return;
  if (first) {
    watched.list = std::make_shared<fleet::PeerDeployments>();
    region.peer(p).deployments = watched.list;
  }
  bool all = true;
  for (auto& held : region.held) {
    const auto& theirs = peer.held[held.deployment];
    const auto* shown = peer.frozen ? &theirs.oldObject : &theirs.object;
    for (auto state = theirs.history.rbegin(); lag > 0 && state != theirs.history.rend(); ++state) {
      shown = &state->second;
      if (state->first <= now_ - lag) break;
    }
    auto& seen = held.seen[p];
    if (*shown == seen) continue;
    if (!first && !arrives()) {
      all = false;
      continue;
    }
    held.dirty = held.dirty || !seen || !*shown || !fleet::saysTheSame(*seen, **shown, peer.name);
    seen = *shown;
    (*watched.list)[held.object->meta.key] = seen;
  }
  if (all && lag == 0) watched.revision = peer.revision;
}

void FleetSim::look(int r) {
  auto& region = *regions_[r];
  const auto time = mono(region);
  const auto since = [&](Millis& begun, bool so) { begun = !so ? -1 : begun < 0 ? now_ : begun; };
  for (int p = 0; p < regions(); ++p) {
    if (p == r) continue;
    const auto seen = lookAt(r, p);
    auto& watched = region.watched[p];
    const auto kind = [](Look one) { return one == Look::Stale ? Look::Changed : one; };
    if (kind(seen) != kind(watched.last)) region.soil();
    watched.last = seen;
    auto& sightings = region.peer(p).sightings;
    if (options_.bug == Bug::SleepsAndTakesItForSilence) {
      for (auto at = region.view.now; at < time; at += fleet::Mono(900)) {
        sightings.look(Look::Unreachable, at);
      }
    }
    sightings.look(seen, time);
    since(watched.silentSince, seen == Look::Unreachable || seen == Look::Stale);
    since(watched.deafSince, seen == Look::Unreachable);
    since(watched.refusedSince, reaches(r, p) && region.refusedBy[p]);
  }
  region.view.now = time;
}

}  // namespace bailiwick::sim
