// What must hold at every step, and when everything has settled.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/region.hpp"

namespace bailiwick::sim {

using fleet::Health;

namespace {

constexpr Millis longestMemory = 20'000;  // of what was lost by faults

}  // namespace

// What a fault takes away is known to the others so much later at most.
Millis FleetSim::newsTravels() const { return 1500 * options_.pace; }

// The least that was wanted since then: what was wanted when that time began included.
api::Units FleetSim::wantedLately(const Held& held, Millis since) const {
  auto wanted = fleet::wantedUnits(spec_);
  for (auto change = wanted_.rbegin(); change != wanted_.rend(); ++change) {
    wanted = std::min(wanted, change->second);
    if (change->first < since) break;
  }
  // Where the others are Lost, one's own spec decides.
  if (!held.decision->diverged.empty()) return wanted;
  return std::min(wanted, fleet::wantedUnits(held.object->spec));
}

bool FleetSim::cameBackLately(const Region& region, const Held& held, int peer) const {
  const auto ago = now_ - held.judged[peer].returnedAt;
  return ago * region.fastest / 100 < options_.failover.failbackAfter.count() - 50;
}

// What is Ready in regions whose gateway has not answered since then or longer.
api::Units FleetSim::unreachable(int r, int deployment, Millis since) const {
  api::Units sum = 0;
  for (int p = 0; p < regions(); ++p) {
    const auto lost = regions_[p]->noGatewaySince;
    if (p != r && lost && *lost < since) sum += readyIn(p, deployment);
  }
  return sum;
}

// Something Ready was removed by a decision: enough must be left, but for what a fault has taken so
// lately that nobody could know. Nobody may have counted on a region that is not back for long enough,
// nor on one that does not answer through its gateway.
void FleetSim::checkRemoval(int r, Held& held, api::Units units) {
  const auto& region = *regions_[r];
  const int d = held.deployment;
  auto left = ready(d);
  // Who was stopped between what it read and what it did has slept through the news; past its lease
  // somebody else takes over.
  const bool slept = region.sleptUntil > now_ - newsTravels();
  const auto unheard = now_ - newsTravels() - (slept ? region.sleptUntil - region.stoppedAt : 0);
  for (auto& other : regions_) {
    auto& lost = other->held[d].lost;
    std::erase_if(lost, [&](const auto& loss) { return loss.first < now_ - longestMemory; });
    for (const auto& [at, gone] : lost) {
      if (at >= unheard) left += gone;
    }
  }
  left -= unreachable(r, d, unheard);
  const auto wanted = wantedLately(held, unheard);
  if (left < wanted) {
    return violate(fmt::format("{} removed {} units by its own decision and {} of {} are left",
                               region.name, units, left, wanted));
  }
  for (int p = 0; p < regions(); ++p) {
    if (p != r && cameBackLately(region, held, p)) left -= readyIn(p, d);
  }
  // Who it counted on may since have given up some of theirs to somebody whom they may count on, because
  // their window began sooner: what was so when they were read is what this decision answers for.
  const bool asked = now_ - held.countedAt < newsTravels();
  if (left < wanted && !(asked && held.countedOn + readyIn(r, d) >= wanted)) {
    violate(fmt::format("{} counted on a region that came back less than failbackAfter ago",
                        region.name));
  }
}

// Lost is who was silent for long enough, by the observer's clock, and did not merely refuse.
void FleetSim::checkJudgements(int r, Held& held) {
  const auto& region = *regions_[r];
  std::size_t index = 0;
  for (const auto& [name, course] : region.memory->course(held.uid())->peers) {
    const auto p = region.regionAt(index++);
    auto& judged = held.judged[p];
    const auto& judgement = course.standing.judgement();
    const auto health = judgement.held ? Health::Suspect : judgement.health;
    const auto before = std::exchange(judged.health, health);
    if (before == Health::Lost && health != Health::Lost) judged.returnedAt = now_;
    if (health != Health::Lost) continue;
    const auto& watched = region.watched[p];
    if (watched.refusedSince >= 0 && now_ - watched.refusedSince > 1000) {
      violate(fmt::format("{} takes {} for lost, which refuses it", region.name, name));
    }
    const auto silent = watched.silentSince < 0 ? -1 : now_ - watched.silentSince;
    // The second in which it was stopped counts.
    const auto slept = now_ - region.stoppedAt < 8000 ? 1000 : 0;
    const auto looks = heartbeat + lookEvery * options_.pace;
    const auto longest = (silent + looks) * region.fastest / 100 + slept;
    if (before != Health::Lost && (silent < 0 || longest < options_.failover.lostAfter.count())) {
      violate(fmt::format("{} takes {} for lost after {} ms of silence", region.name, name, silent));
    }
  }
}

// With onIsolation: Hold, who sees nobody in a fleet of three or more takes nothing, nor at once when
// the first ones are seen again: the others may be about to be.
void FleetSim::checkIsolation(int r, Held& held) {
  const auto& region = *regions_[r];
  bool alone = regions() >= 3 && options_.failover.onIsolation == "Hold";
  for (int p = 0; alone && p < regions(); ++p) {
    const auto since = region.watched[p].deafSince;
    if (p != r && (reaches(r, p) || since < 0 || now_ - since < 1500)) alone = false;
  }
  const auto& failover = options_.failover;
  const Millis noticed = 2 * (failover.suspectAfter.count() + 1500);
  if (alone) {
    if (!held.isolatedRun) held.aloneSince = now_;
    held.aloneUntil = now_;
  } else if (held.aloneUntil - held.aloneSince < noticed ||
             now_ - held.aloneUntil > failover.lostAfter.count() / 2) {
    held.isolatedRun.reset();
    return;
  }
  const auto run = fleet::unitsOf(held.decision->run, spec_);
  if (!held.isolatedRun) {
    held.isolatedRun = std::max<api::Units>(run, shareOf(r, held.deployment));
  }
  if (run > *held.isolatedRun) {
    violate(fmt::format("{} {} and takes {} units", region.name,
                        alone ? "sees nobody" : "saw nobody until now", run));
  }
}

void FleetSim::checkSettled() {
  for (int d = 0; d < deployments(); ++d) checkSettled(d);
  if (now_ - lastChange_ < 3000 || now_ - lastWrite_ < 3000) {
    violate(fmt::format("it is not quiet: last write at {} ms, last change at {} ms", lastWrite_,
                        lastChange_));
  }
}

void FleetSim::checkSettled(int deployment) {
  const auto wanted = fleet::wantedUnits(spec_);
  api::Units shares = 0;
  for (int r = 0; r < regions(); ++r) shares += shareOf(r, deployment);
  const auto slack = spec_.variants.size() > 1 ? 500 : 0;
  const auto there = ready(deployment);
  if (there < wanted || there > wanted + slack) {
    violate(fmt::format("it settled at {} units instead of {}", there, wanted));
  }
  if (shares < wanted || shares > wanted + slack) {
    violate(fmt::format("the shares add up to {} units instead of {}", shares, wanted));
  }
}

}  // namespace bailiwick::sim
