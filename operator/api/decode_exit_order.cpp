#include "api/decode_own_kind.hpp"
#include "api/decode_selector.hpp"
#include "api/decode_status.hpp"

namespace bailiwick::api {
namespace {

using Targets = std::vector<std::string> ExitTarget::*;
constexpr std::array<std::pair<std::string_view, Targets>, 11> targetKeys{
    {{"origins", &ExitTarget::origins},
     {"publishers", &ExitTarget::publishers},
     {"passports", &ExitTarget::passports},
     {"licences", &ExitTarget::licences},
     {"vendors", &ExitTarget::vendors},
     {"products", &ExitTarget::products},
     {"engines", &ExitTarget::engines},
     {"providers", &ExitTarget::providers},
     {"regions", &ExitTarget::regions},
     {"jurisdictions", &ExitTarget::jurisdictions},
     {"policies", &ExitTarget::policies}}};

void readTarget(const Cursor& target, ExitTarget& out) {
  bool any = false;
  target.fields([&](std::string_view key, const Cursor& value) {
    for (const auto& [name, list] : targetKeys) {
      if (key != name) continue;
      value.read(out.*list);
      any = any || !(out.*list).empty();
      return;
    }
    value.refuse("is not known to this version of the operator; upgrade it, or remove the target");
  });
  if (!any) target.refuse("must name at least one thing to leave");
}

void readOnDeadline(const Cursor& word, OnDeadline& out) {
  static constexpr std::array<std::pair<std::string_view, OnDeadline>, 2> known{
      {{"Hold", OnDeadline::Hold}, {"Stop", OnDeadline::Stop}}};
  readWord(word, known, out);
}

void readMode(const Cursor& word, ExitMode& out) {
  static constexpr std::array<std::pair<std::string_view, ExitMode>, 2> known{
      {{"MakeBeforeBreak", ExitMode::MakeBeforeBreak}, {"Immediate", ExitMode::Immediate}}};
  readWord(word, known, out);
}

void readPurge(const Cursor& purge, ExitOrderSpec& out) {
  purge.fields([&](std::string_view key, const Cursor& value) {
    if (key == "weights")
      value.read(out.purgeWeights);
    else if (key == "credentials")
      value.read(out.purgeCredentials);
  });
}

void readSpec(const Cursor& spec, ExitOrderSpec& out) {
  bool targeted = false, due = false;
  spec.fields([&](std::string_view key, const Cursor& value) {
    if (key == "target") {
      targeted = true;
      readTarget(value, out.target);
    } else if (key == "deadline") {
      due = true;
      value.read(out.deadline);
    } else if (key == "selector") {
      readSelector(value, out.selector);
    } else if (key == "reason") {
      value.read(out.reason);
    } else if (key == "onDeadline") {
      readOnDeadline(value, out.onDeadline);
    } else if (key == "mode") {
      readMode(value, out.mode);
    } else if (key == "purge") {
      readPurge(value, out);
    } else if (key == "drill") {
      value.read(out.drill);
    } else if (key == "paused") {
      value.read(out.paused);
    }
  });
  spec.require(targeted, "target");
  spec.require(!out.reason.empty(), "reason");
  spec.require(due, "deadline");
}

void readPhase(const Cursor& word, ExitPhase& out) {
  std::string text;
  word.read(text);
  for (std::size_t i = 0; i < exitPhaseNames.size(); ++i) {
    if (text == exitPhaseNames[i]) {
      out = static_cast<ExitPhase>(i);
      return;
    }
  }
  word.refuse("must be a phase of an ExitOrder");
}

void readPhaseEntry(const Cursor& entry, PhaseEntry& out) {
  entry.fields([&](std::string_view key, const Cursor& value) {
    if (key == "phase")
      readPhase(value, out.phase);
    else if (key == "at")
      value.read(out.at);
  });
}

void readDrainCount(const Cursor& count, DrainCount& out) {
  count.fields([&](std::string_view key, const Cursor& value) {
    if (key == "inFlightAtDrain")
      value.read(out.inFlightAtDrain);
    else if (key == "completed")
      value.read(out.completed);
    else if (key == "cut")
      value.read(out.cut);
  });
}

void readReplacement(const Cursor& replacement, Replacement& out) {
  replacement.fields([&](std::string_view key, const Cursor& value) {
    if (key == "region")
      value.read(out.region);
    else if (key == "variant")
      value.read(out.variant);
    else if (key == "replicas")
      value.read(out.replicas);
  });
}

void readAffected(const Cursor& row, AffectedRow& out) {
  row.fields([&](std::string_view key, const Cursor& value) {
    if (key == "namespace") return value.read(out.ns);
    if (key == "name") return value.read(out.name);
    if (key == "region") return value.read(out.region);
    if (key == "variant") return value.read(out.variant);
    if (key == "replicas") return value.read(out.replicas);
    if (key == "replacement") return readReplacement(value, out.replacement.emplace());
    if (key == "phase") return readPhase(value, out.phase);
    if (key == "drained") return readDrainCount(value, out.drained.emplace());
    if (key == "reason") return value.read(out.reason);
    if (key == "message") value.read(out.message);
  });
}

void readTotals(const Cursor& totals, ExitTotals& out) {
  totals.fields([&](std::string_view key, const Cursor& value) {
    if (key == "affected")
      value.read(out.affected);
    else if (key == "shifted")
      value.read(out.shifted);
    else if (key == "blocked")
      value.read(out.blocked);
    else if (key == "unknown")
      value.read(out.unknown);
    else if (key == "residual")
      value.read(out.residual);
  });
}

void readRegion(const Cursor& region, ExitRegion& out) {
  region.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name")
      value.read(out.name);
    else if (key == "state")
      value.read(out.state);
  });
}

void readEvidenceRef(const Cursor& evidence, EvidenceRef& out) {
  evidence.fields([&](std::string_view key, const Cursor& value) {
    if (key == "configMap")
      value.read(out.configMap);
    else if (key == "head")
      value.read(out.head);
    else if (key == "records")
      value.read(out.records);
  });
}

void readStatus(const Cursor& status, ExitOrderStatus& out) {
  status.fields([&](std::string_view key, const Cursor& value) {
    if (key == "observedGeneration") return value.read(out.observedGeneration);
    if (key == "phase") return readPhase(value, out.phase.emplace());
    if (key == "phases") return value.readEach(out.phases, readPhaseEntry);
    if (key == "affected") return value.readEach(out.affected, readAffected);
    if (key == "totals") return readTotals(value, out.totals);
    if (key == "regions") return value.readEach(out.regions, readRegion);
    if (key == "evidence") return readEvidenceRef(value, out.evidence.emplace());
    if (key == "conditions") value.readEach(out.conditions, readCondition);
  });
}

}  // namespace

ExitOrderStatus readExitOrderStatus(simdjson::dom::element status) {
  return readOwnStatus<ExitOrderStatus>(status, readStatus);
}

Result<ExitOrder> decodeExitOrder(simdjson::dom::element json) {
  ExitOrder out;
  const Result<Envelope> parts = readEnvelope(json, "ExitOrder", Nulls::Refuse, out.meta);
  if (!parts) return tl::unexpected(parts.error());
  readOwnSpec(*parts, out,
              [](const Cursor& spec, ExitOrder& order) { readSpec(spec, order.spec); });
  if (parts->status) out.status = readExitOrderStatus(*parts->status);
  return out;
}

}  // namespace bailiwick::api
