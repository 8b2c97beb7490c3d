// What an exit order's status says: from its journal and what is there now.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plan/conditions.hpp"
#include "plan/exit.hpp"
#include "plan/exit_phase.hpp"
#include "policy/strangers.hpp"

namespace bailiwick::plan {
namespace {

using api::ExitPhase;

constexpr std::size_t maxRows = 500, maxPhases = 64, maxNamed = 20, maxMessage = 256;

std::vector<std::string> unknownOf(const JournalRow& row) {
  std::vector<std::string> names;
  for (const auto& [uid, pod] : row.pods) {
    if (pod.drained && !pod.drained->count) names.push_back(pod.name);
  }
  return names;
}

// The sum over its replicas; nothing where one of them is not known, and before one has drained.
std::optional<api::DrainCount> drainedSum(const JournalRow& row) {
  api::DrainCount sum;
  bool any = false;
  for (const auto& [uid, pod] : row.pods) {
    if (!pod.drained) continue;
    if (!pod.drained->count) return std::nullopt;
    any = true;
    sum.inFlightAtDrain += pod.drained->count->inFlightAtDrain;
    sum.completed += pod.drained->count->completed;
    sum.cut += pod.drained->count->cut;
  }
  return any ? std::optional(sum) : std::nullopt;
}

api::AffectedRow rowStatus(const RowKey& key, const JournalRow& known, const ExitInput& in,
                           ExitPhase phase) {
  api::AffectedRow row;
  row.ns = key.ns;
  row.name = key.name;
  row.variant = key.variant;
  row.region = in.world.region->meta.key.name;
  row.replicas = known.replicas;
  row.phase = phase;
  row.drained = drainedSum(known);
  if (known.decision) {
    row.replacement = known.decision->replacement;
    if (phase != ExitPhase::Verified && phase != ExitPhase::Purging) {
      row.reason = known.decision->reason;
      row.message = known.decision->message;
    }
  }
  const auto unknown = unknownOf(known);
  if (row.message.empty() && !unknown.empty()) {
    row.reason = "Unknown";
    row.message = fmt::format("the requests of {} of {} replicas are unknown: {}", unknown.size(),
                              known.pods.size(), fmt::join(unknown, ", "));
  }
  row.message = shortened(std::move(row.message), maxMessage);
  return row;
}

// An order that holds gives nothing a way out that has none.
bool hasNoWayOut(const JournalRow& known, ExitPhase phase) {
  return phase == ExitPhase::Blocked ||
         (phase == ExitPhase::Held && known.decision && known.decision->blocked);
}

struct Finding {
  std::string status, reason, message;
};

// A misspelt target finds nothing to leave, and must not be taken for an exit.
std::string nothingFound(const ExitInput& in) {
  const auto strangers = policy::strangersIn(in.order.spec.target, *in.world.catalog);
  if (strangers.empty()) return "nothing that it targets runs here";
  return fmt::format("nothing that it targets runs here; the catalogue does not know {}, which may "
                     "be misspelt",
                     fmt::join(strangers, ", "));
}

std::string endMessage(const ExitInput& in, const Journal& journal, const api::ExitTotals& totals) {
  if (totals.affected > 0 && in.order.spec.drill) {
    return *journal.answer
               ? fmt::format("drill: all {} shares could be left", totals.affected)
               : fmt::format("drill: {} of {} shares could not be left", totals.blocked,
                             totals.affected);
  }
  auto text = totals.affected == 0
                  ? nothingFound(in)
                  : fmt::format("nothing of it is left; {} of {} shares have requests that are "
                                "unknown",
                                totals.unknown, totals.affected);
  if (journal.residual.empty()) return text;
  std::vector<std::string> named(journal.residual.begin(), journal.residual.end());
  const auto more = named.size() > maxNamed ? ", …" : "";
  named.resize(std::min(named.size(), maxNamed));
  return text + fmt::format("; {} cannot be seen to be gone: {}{}",
                            journal.residual.size() == 1
                                ? "1 thing" : fmt::format("{} things", journal.residual.size()),
                            fmt::join(named, ", "), more);
}

Finding ended(const ExitInput& in, const Journal& journal, const api::ExitOrderStatus& status) {
  const auto missing = in.peers.empty() ? std::string() : notVerified(status.regions);
  if (!missing.empty()) {
    return Finding{"False", "OtherRegions",
                   "this region has done its part; the fleet has not: " + missing};
  }
  const auto stuck = couldNotLeave(in.order, in.peers);
  const bool left = !in.order.spec.drill || (*journal.answer && stuck.empty());
  auto message = endMessage(in, journal, status.totals);
  if (!stuck.empty()) message += fmt::format("; not all could in {}", fmt::join(stuck, ", "));
  return Finding{"True", left ? "Verified" : "CouldNotLeave", std::move(message)};
}

// It stays so, whatever becomes of a peer or of the evidence.
const api::Condition* wasComplete(const api::ExitOrder& order) {
  const auto* told = api::findCondition(order.status.conditions, "Complete");
  const bool holds = told && told->status == "True" &&
                     told->observedGeneration == order.meta.generation;
  return holds ? told : nullptr;
}

Finding complete(const ExitInput& in, const Journal& journal, const api::ExitOrderStatus& status) {
  const auto& totals = status.totals;
  if (journal.closed && !journal.lifted) return ended(in, journal, status);
  if (in.order.spec.paused) return Finding{"False", "Paused", "spec.paused holds the order where it is"};
  const auto phase = journal.phase.value_or(ExitPhase::Announced);
  if (phase == ExitPhase::Held && in.order.spec.onDeadline == api::OnDeadline::Stop) {
    return Finding{"False", "ClockSkew",
            in.skew ? fmt::format("the clock of the operator and that of the API server differ by {}: "
                                  "the stop waits until they agree", api::formatDuration(
                                      *in.skew < api::Duration{0} ? -*in.skew : *in.skew))
                    : "the API server does not tell its time: the stop waits"};
  }
  if (phase == ExitPhase::Held) {
    return Finding{"False", "DeadlinePassed",
            fmt::format("the deadline {} has passed and something still runs: give it an alternative, "
                        "or set spec.onDeadline to Stop", api::formatTime(in.order.spec.deadline))};
  }
  return Finding{"False", std::string(api::nameOf(phase)),
          fmt::format("{} of {} shares have left", totals.shifted, totals.affected)};
}

}  // namespace

api::ExitOrderStatus exitStatusOf(const ExitInput& in, const Journal& journal,
                                  const EvidenceState& evidence) {
  api::ExitOrderStatus status;
  status.observedGeneration = in.order.meta.generation;
  status.phase = journal.phase;
  status.phases = journal.phases;
  if (status.phases.size() > maxPhases) {
    const auto surplus = static_cast<std::ptrdiff_t>(status.phases.size() - maxPhases);
    status.phases.erase(status.phases.begin() + 3, status.phases.begin() + 3 + surplus);
  }
  status.evidence = evidence.ref;
  const bool done = journal.closed && !journal.lifted;
  const auto* completed = done ? wasComplete(in.order) : nullptr;
  status.regions = completed || in.peers.empty()
                       ? in.order.status.regions
                       : exitRegionsOf(in.order, in.world.region->meta.key.name, done, in.peers);
  const auto rows = rowsOf(in, in.plan);
  const bool purged = journal.closed || isPurged(in, journal);
  std::optional<std::size_t> blocked;  // the first of all
  std::vector<api::AffectedRow> all;
  for (const auto& [key, known] : journal.rows) {
    const auto now = rows.find(key);
    const bool drill = in.order.spec.drill;
    auto phase = phaseOf(known, now == rows.end() ? ExitRow{} : now->second, purged,
                         journal.phase.value_or(ExitPhase::Announced));
    if (drill) phase = known.decision && known.decision->blocked ? ExitPhase::Blocked : ExitPhase::Verified;
    auto row = rowStatus(key, known, in, phase);
    ++status.totals.affected;
    if (hasNoWayOut(known, phase)) {
      ++status.totals.blocked;
      if (!blocked) blocked = all.size();
    }
    const bool shifted = phase == ExitPhase::Draining || phase == ExitPhase::Purging ||
                         phase == ExitPhase::Verified;
    if (shifted) ++status.totals.shifted;
    if (!unknownOf(known).empty()) ++status.totals.unknown;
    all.push_back(std::move(row));
  }
  status.totals.residual = static_cast<int>(journal.residual.size());
  const auto set = [&](std::string type, Finding finding) {
    status.conditions.push_back(judged({std::move(type), std::move(finding.status),
                                        in.order.meta.generation, {}, std::move(finding.reason),
                                        std::move(finding.message)},
                                       in.order.status.conditions, in.now));
  };
  if (completed) {
    status.conditions.push_back(*completed);
  } else {
    set("Complete", complete(in, journal, status));
  }
  if (blocked) {
    const auto& row = all[*blocked];
    set("Blocked", {"True", row.reason, fmt::format("{}/{} variant {}: {}", row.ns, row.name,
                                                    row.variant, row.message)});
  } else {
    set("Blocked", {"False", "NothingBlocked", "every share has a way out"});
  }
  set("EvidenceSigned",
      {"True", "Signed", "every record is signed by key " + evidence.fingerprint});
  status.regions = shown(std::move(status.regions));
  if (all.size() > maxRows) all.resize(maxRows);
  status.affected = std::move(all);
  return status;
}

api::ExitOrderStatus withoutEvidence(const api::ExitOrder& order, const std::string& problem,
                                     api::Time now) {
  auto status = order.status;
  status.observedGeneration = order.meta.generation;
  status.conditions.clear();
  for (const auto* type : {"Complete", "Blocked", "EvidenceSigned"}) {
    if (const auto* told = wasComplete(order); told && type == told->type) {
      status.conditions.push_back(*told);
      continue;
    }
    const bool blocked = std::string_view(type) == "Blocked";
    status.conditions.push_back(judged({type, blocked ? "Unknown" : "False", order.meta.generation,
                                        {}, "EvidenceMissing", problem},
                                       order.status.conditions, now));
  }
  return status;
}

}  // namespace bailiwick::plan
