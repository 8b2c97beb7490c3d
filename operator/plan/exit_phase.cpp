#include "plan/exit_phase.hpp"

#include <algorithm>

namespace bailiwick::plan {
namespace {

using api::ExitPhase;
using api::OnDeadline;

struct Times {
  std::optional<api::Time> next;
  void at(api::Time time, api::Time now) {
    if (time > now && (!next || time < *next)) next = time;
  }
};

bool skewed(const ExitInput& in) {
  return !in.skew || *in.skew > maxSkew || *in.skew < -maxSkew;
}

// Why the order holds what still runs; empty: it does not.
std::string heldBy(const ExitInput& in, const ExitRows& rows, Times& times) {
  const auto& spec = in.order.spec;
  if (spec.paused) return "Paused";
  bool runs = false, stops = false;
  for (const auto& [key, row] : rows) {
    if (row.alive.empty() || !row.deployment) continue;
    runs = true;
    const auto begins = stopBegins(spec, *row.deployment->deployment);
    stops = stops || in.now >= begins;
    times.at(begins, in.now);
  }
  times.at(spec.deadline, in.now);
  if (!runs) return "";
  if (spec.onDeadline == OnDeadline::Stop) return stops && skewed(in) ? "ClockSkew" : "";
  return in.now >= spec.deadline ? "DeadlinePassed" : "";
}

ExitPhase furthestBehind(const ExitInput& in, const Journal& journal, const ExitRows& rows) {
  bool shifting = false, draining = false, blocked = false;
  const bool purged = isPurged(in, journal);
  for (const auto& [key, row] : rows) {
    const auto known = journal.rows.find(key);
    if (known == journal.rows.end()) continue;
    const auto phase = phaseOf(known->second, row, purged, ExitPhase::Shifting);
    shifting = shifting || phase == ExitPhase::Shifting;
    draining = draining || phase == ExitPhase::Draining;
    blocked = blocked || phase == ExitPhase::Blocked;
  }
  if (shifting) return ExitPhase::Shifting;
  if (draining) return ExitPhase::Draining;
  if (blocked) return ExitPhase::Blocked;
  return purged ? ExitPhase::Verified : ExitPhase::Purging;
}

// However quickly it went: what has left had drained, and what is verified was purged.
ExitPhase inOrder(ExitPhase next, const Journal& journal) {
  const auto seen = [&](ExitPhase phase) {
    return std::any_of(journal.phases.begin(), journal.phases.end(),
                       [&](const api::PhaseEntry& entry) { return entry.phase == phase; });
  };
  const bool over = next == ExitPhase::Purging || next == ExitPhase::Verified;
  if (over && !journal.rows.empty() && !seen(ExitPhase::Draining)) return ExitPhase::Draining;
  const bool purged = journal.phase == ExitPhase::Purging || journal.phase == ExitPhase::Verified;
  if (next == ExitPhase::Verified && !purged) return ExitPhase::Purging;
  return next;
}

}  // namespace

bool isPurged(const ExitInput& input, const Journal& journal) {
  // What left only now was not looked at.
  for (const auto& [key, row] : journal.rows) {
    const auto before = input.journal.rows.find(key);
    if (row.left && (before == input.journal.rows.end() || !before->second.left)) return false;
  }
  return input.purge && input.purge->complete && input.purge->present.empty() &&
         std::includes(journal.purged.begin(), journal.purged.end(), journal.purging.begin(),
                       journal.purging.end());
}

ExitPhase phaseOf(const JournalRow& known, const ExitRow& now, bool purged, ExitPhase order) {
  if (order == ExitPhase::Announced || order == ExitPhase::NoNewPlacement) return order;
  if (now.runs()) {
    if (!now.going.empty() || now.marked) return ExitPhase::Draining;
    if (order == ExitPhase::Held) return ExitPhase::Held;
    if (known.decision && known.decision->blocked) return ExitPhase::Blocked;
    // Between two replicas that go one after the other it is still draining.
    const bool begun = std::any_of(known.pods.begin(), known.pods.end(),
                                   [](const auto& pod) { return pod.second.draining; });
    return begun ? ExitPhase::Draining : ExitPhase::Shifting;
  }
  return purged ? ExitPhase::Verified : ExitPhase::Purging;
}

NextPhase nextPhase(const ExitInput& input, const Journal& journal, const ExitRows& rows) {
  if (!journal.phase) return {ExitPhase::Announced, "", std::nullopt};
  if (journal.phases.size() == 1) return {ExitPhase::NoNewPlacement, "", std::nullopt};
  Times times;
  const auto held = heldBy(input, rows, times);
  if (journal.phases.size() == 2) {
    if (input.order.spec.paused) return {ExitPhase::NoNewPlacement, "", times.next};
    return {ExitPhase::Shifting, "", times.next};
  }
  if (!held.empty()) return {ExitPhase::Held, held, times.next};
  // Not moved yet, or planned before it was to move: the rows say nothing of how far it is.
  const auto& exits = input.world.exits;
  const bool moves = std::any_of(exits.begin(), exits.end(), [&](const ExitInForce& exit) {
    return exit.order->meta.uid == input.order.meta.uid && exit.moves && !exit.frozen;
  });
  if (!moves) return {*journal.phase, "", times.next};
  return {inOrder(furthestBehind(input, journal, rows), journal), "", times.next};
}

}  // namespace bailiwick::plan
