// What is done to regions, and undone.

#include <algorithm>
#include <limits>

#include "sim/region.hpp"

namespace bailiwick::sim {
namespace {

constexpr Millis never = std::numeric_limits<Millis>::max();

}  // namespace

void FleetSim::cut(int from, int to, bool broken) { regions_[from]->cutTo[to] = broken; }

void FleetSim::isolate(int region, bool broken) {
  for (int p = 0; p < regions(); ++p) {
    if (p == region) continue;
    cut(region, p, broken);
    cut(p, region, broken);
  }
}

void FleetSim::slow(int from, int to, Millis lag) {
  auto& region = *regions_[from];
  region.lagOf[to] = lag;
  region.watched[to].revision = ~std::uint64_t{0};
}

void FleetSim::refuse(int from, int to, bool refused) { regions_[from]->refusedBy[to] = refused; }

void FleetSim::lostByFault(Held& held, api::Units units) {
  if (units > 0) held.lost.emplace_back(now_, units);
  held.dirty = true;
}

void FleetSim::kill(int r, bool withPods) {
  auto& region = *regions_[r];
  region.up = region.running = false;
  if (!withPods) return;
  for (auto& held : region.held) {
    lostByFault(held, readyIn(r, held.deployment));
    for (auto& pod : held.pods) pod.readyAt = never;
  }
}

void FleetSim::revive(int r) {
  auto& region = *regions_[r];
  if (region.up) return;
  region.up = true;
  for (auto& held : region.held) {
    for (auto& pod : held.pods) {
      if (pod.readyAt == never) pod.readyAt = now_ + 200 + random_.below(900);
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
  // It has not seen how long nobody answered.
  for (auto& held : region.held) held.aloneSince = now_;
}

void FleetSim::upgradeOperator(int r) {
  killOperator(r);
  ++regions_[r]->allocator;
  startOperator(r);
}

// One that was stopped past its lease is fenced: another takes over, which begins anew.
void FleetSim::stopOperator(int r, bool stopped) {
  auto& region = *regions_[r];
  if (stopped == region.stopped) return;
  region.stopped = stopped;
  if (stopped) {
    region.stoppedAt = now_;
    return;
  }
  if (now_ - region.stoppedAt > lease && options_.bug != Bug::SleepsAndTakesItForSilence) {
    beginOperator(region);
  } else {
    region.sleptUntil = now_;
    region.soil();
    region.nextTurn = now_ + 10;
    region.nextLook = now_;
  }
}

void FleetSim::loseQuorum(int r, bool lost) { regions_[r]->quorum = !lost; }

void FleetSim::fillDisk(int r, bool full) { regions_[r]->full = full; }

void FleetSim::loseGateway(int r, bool lost) {
  auto& since = regions_[r]->noGatewaySince;
  if (!lost) since.reset();
  if (lost && !since) since = now_;
}

void FleetSim::freezeView(int r, bool frozen) {
  auto& region = *regions_[r];
  for (auto& held : region.held) {
    if (!frozen || region.frozen) continue;
    const auto size = static_cast<int>(held.history.size());
    held.oldObject = size == 0 ? held.object : held.history[random_.below(size)].second;
  }
  region.frozen = frozen;
  ++region.revision;
}

// Status and workloads as they were; the operator begins anew on them.
void FleetSim::restoreBackup(int r, Millis ago) {
  auto& region = *regions_[r];
  bool any = false;
  for (auto& held : region.held) {
    Object old;
    for (const auto& [at, object] : held.history) {
      if (at <= now_ - ago) old = object;
    }
    if (!old) continue;
    any = true;
    auto restored = std::make_shared<api::ModelDeployment>(*old);
    restored->spec = held.object->spec;
    restored->meta.generation = held.object->meta.generation;
    held.object = std::move(restored);
    // The last share is that of the backup, and so are the returns that are not over.
    held.isolatedRun.reset();
    for (auto& judged : held.judged) judged.returnedAt = Judged{}.returnedAt;
    lostByFault(held, readyIn(r, held.deployment));
  }
  if (!any) return;
  ++region.revision;
  region.running = false;
  startOperator(r);
}

void FleetSim::loseNodes(int r, int slotsLeft) {
  auto& region = *regions_[r];
  region.slots = slotsLeft;
  for (auto& held : region.held) {
    const auto before = readyIn(r, held.deployment);
    int used = 0;
    std::erase_if(held.pods, [&](const Pod& pod) {
      used += static_cast<int>(capacity(pod.variant));
      return used > slotsLeft * 1000;
    });
    lostByFault(held, before - readyIn(r, held.deployment));
  }
}

void FleetSim::cordon(int r, bool cordoned) {
  regions_[r]->cordoned = cordoned;
  for (auto& region : regions_) region->soil();
}

void FleetSim::forbid(int r, bool forbidden) {
  regions_[r]->forbidden = forbidden;
  regions_[r]->soil();
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
  for (auto& held : region.held) {
    if (held.object->spec.replicas == units) continue;
    auto object = std::make_shared<api::ModelDeployment>(*held.object);
    object->spec.replicas = units;
    ++object->meta.generation;
    held.object = std::move(object);
    held.dirty = true;
  }
  ++region.revision;
}

void FleetSim::setUnits(int units) {
  spec_.replicas = units;
  wanted_.emplace_back(now_, fleet::wantedUnits(spec_));
  for (auto& region : regions_) applySpec(*region, units);
}

void FleetSim::setUnits(int r, int units) { applySpec(*regions_[r], units); }

void FleetSim::heal() {
  for (int r = 0; r < regions(); ++r) {
    auto& region = *regions_[r];
    isolate(r, false);
    std::fill(region.refusedBy.begin(), region.refusedBy.end(), 0);
    for (int p = 0; p < regions(); ++p) slow(r, p, 0);
    revive(r);
    startOperator(r);
    stopOperator(r, false);
    loseQuorum(r, false);
    fillDisk(r, false);
    loseGateway(r, false);
    freezeView(r, false);
    setClock(r, 100, region.wallOffset);
    if (region.slots < options_.slots) region.slots = options_.slots;
    region.forbidden = region.cordoned = false;
    applySpec(region, spec_.replicas);
    region.soil();
  }
}

}  // namespace bailiwick::sim
