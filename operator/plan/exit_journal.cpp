#include "plan/exit_journal.hpp"

#include <algorithm>

namespace bailiwick::plan {
namespace {

using nlohmann::json;

std::string text(const json& body, const char* name) {
  const auto field = body.find(name);
  return field != body.end() && field->is_string() ? field->get<std::string>() : "";
}

int number(const json& body, const char* name) {
  const auto field = body.find(name);
  return field != body.end() && field->is_number_integer() ? field->get<int>() : 0;
}

const json& list(const json& body, const char* name) {
  static const json none = json::array();
  const auto field = body.find(name);
  return field != body.end() && field->is_array() ? *field : none;
}

RowKey keyOf(const json& body) {
  return {text(body, "namespace"), text(body, "name"), text(body, "variant")};
}

std::optional<api::ExitPhase> phaseOf(const std::string& name) {
  const auto& names = api::exitPhaseNames;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<api::ExitPhase>(found - names.begin());
}

Decision decisionOf(const json& body) {
  Decision decision{text(body, "verdict") == "Blocked", {}, text(body, "reason"),
                    text(body, "message")};
  if (const auto to = body.find("replacement"); to != body.end()) {
    decision.replacement =
        api::Replacement{text(*to, "region"), text(*to, "variant"), number(*to, "replicas")};
  }
  return decision;
}

Drained drainedOf(const json& body) {
  if (!body.contains("inFlightAtDrain")) return {std::nullopt, text(body, "unknown")};
  return {api::DrainCount{number(body, "inFlightAtDrain"), number(body, "completed"),
                          number(body, "cut")},
          ""};
}

void applyFound(JournalRow& row, const json& body) {
  row.why = text(body, "why");
  row.left = false;
  for (const auto& secret : list(body, "secrets")) row.secrets.insert(secret.get<std::string>());
}

void applyPods(JournalRow& row, const json& body) {
  for (const auto& pod : list(body, "pods")) {
    auto& known = row.pods[text(pod, "uid")];
    known.name = text(pod, "name");
    known.node = text(pod, "node");
    known.image = text(pod, "image");
  }
  row.replicas = static_cast<int>(row.pods.size());
}

}  // namespace

bool Decision::same(const Decision& other) const {
  const auto variant = [](const Decision& d) {
    return d.replacement ? d.replacement->variant : std::string();
  };
  return blocked == other.blocked && reason == other.reason && variant(*this) == variant(other);
}

void Journal::apply(const std::string& type, api::Time at, const json& body) {
  if (type == evidence::openedType) opened = true;
  if (type == evidence::closedType) closed = true;
  if (type == record::lifted) lifted = true;
  if (type == record::answer) answer = text(body, "couldLeave") == "yes";
  if (type == record::purge) purging.insert(text(body, "object"));
  if (type == record::purged) purged.insert(text(body, "object"));
  if (type == record::residual) residual.insert(text(body, "object"));
  if (type == record::phase) {
    phase = phaseOf(text(body, "to"));
    if (phase) phases.push_back({*phase, std::chrono::floor<std::chrono::seconds>(at)});
  }
  if (!body.contains("variant")) return;
  auto& row = rows[keyOf(body)];
  if (type == record::found) applyFound(row, body);
  if (type == record::pods) applyPods(row, body);
  if (type == record::decided) row.decision = decisionOf(body);
  if (type == record::draining) row.pods[text(body, "uid")].draining = true;
  if (type == record::drained) {
    auto& pod = row.pods[text(body, "uid")];
    pod.draining = true;
    pod.drained = drainedOf(body);
  }
  if (type == record::left) row.left = true;
  if (type == record::claims) {
    for (const auto& claim : list(body, "claims")) row.claims[text(claim, "uid")] = text(claim, "volume");
  }
}

bool Journal::knows(const std::string& podUid) const {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const auto& row) { return row.second.pods.contains(podUid); });
}

std::string what(const std::string& kind, const api::Key& key) { return kind + " " + key.str(); }

json toBody(const RowKey& key) {
  return {{"namespace", key.ns}, {"name", key.name}, {"variant", key.variant}};
}

json toBody(const RowKey& key, const Decision& decision) {
  auto body = toBody(key);
  body["verdict"] = decision.blocked ? "Blocked" : decision.replacement ? "Replace" : "Leave";
  if (!decision.reason.empty()) body["reason"] = decision.reason;
  if (!decision.message.empty()) body["message"] = decision.message;
  if (const auto& to = decision.replacement) {
    body["replacement"] = {
        {"region", to->region}, {"variant", to->variant}, {"replicas", to->replicas}};
  }
  return body;
}

json toBody(const RowKey& key, const api::Pod& pod, const Drained& drained) {
  auto body = toBody(key);
  body["pod"] = pod.meta.key.name;
  body["uid"] = pod.meta.uid;
  if (!drained.count) {
    body["unknown"] = drained.why;
  } else {
    body["inFlightAtDrain"] = drained.count->inFlightAtDrain;
    body["completed"] = drained.count->completed;
    body["cut"] = drained.count->cut;
  }
  return body;
}

}  // namespace bailiwick::plan
