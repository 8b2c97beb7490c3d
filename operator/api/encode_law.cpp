#include <nlohmann/json.hpp>

#include "api/encode.hpp"
#include "api/time.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;

template <class T, class Encode>
json list(const std::vector<T>& values, Encode&& encode) {
  json result = json::array();
  for (const auto& value : values) result.push_back(encode(value));
  return result;
}

json conditions(const std::vector<Condition>& values) {
  return list(values, [](const Condition& condition) { return toJson(condition); });
}

json encodeViolation(const Violation& violation) {
  json result = {{"namespace", violation.ns},
                 {"name", violation.name},
                 {"reason", violation.reason},
                 {"message", violation.message}};
  if (!violation.variant.empty()) result["variant"] = violation.variant;
  return result;
}

json encodeAffected(const AffectedRow& row) {
  json result = {{"namespace", row.ns},       {"name", row.name},
                 {"region", row.region},      {"variant", row.variant},
                 {"replicas", row.replicas},  {"phase", nameOf(row.phase)}};
  if (const auto& to = row.replacement) {
    result["replacement"] = {
        {"region", to->region}, {"variant", to->variant}, {"replicas", to->replicas}};
  }
  if (const auto& count = row.drained) {
    result["drained"] = {{"inFlightAtDrain", count->inFlightAtDrain},
                         {"completed", count->completed},
                         {"cut", count->cut}};
  }
  if (!row.reason.empty()) result["reason"] = row.reason;
  if (!row.message.empty()) result["message"] = row.message;
  return result;
}

}  // namespace

json toJson(const SovereigntyPolicyStatus& status) {
  json result = {{"observedGeneration", status.observedGeneration},
                 {"violations", list(status.violations, encodeViolation)},
                 {"violationsTotal", status.violationsTotal},
                 {"exit", nullptr},
                 {"conditions", conditions(status.conditions)}};
  if (const auto& exit = status.exit) {
    result["exit"] = {{"order", exit->order},
                      {"firstViolationAt", formatTime(exit->firstViolationAt)},
                      {"deadline", formatTime(exit->deadline)}};
  }
  return result;
}

json toJson(const ExitOrderStatus& status) {
  json result = {
      {"observedGeneration", status.observedGeneration},
      {"phase", status.phase ? json(nameOf(*status.phase)) : json()},
      {"phases", list(status.phases,
                      [](const PhaseEntry& entry) -> json {
                        return {{"phase", nameOf(entry.phase)}, {"at", formatTime(entry.at)}};
                      })},
      {"affected", list(status.affected, encodeAffected)},
      {"totals",
       {{"affected", status.totals.affected},
        {"shifted", status.totals.shifted},
        {"blocked", status.totals.blocked},
        {"unknown", status.totals.unknown},
        {"residual", status.totals.residual}}},
      {"regions", list(status.regions,
                       [](const ExitRegion& region) -> json {
                         return {{"name", region.name}, {"state", region.state}};
                       })},
      {"evidence", nullptr},
      {"conditions", conditions(status.conditions)}};
  if (const auto& evidence = status.evidence) {
    result["evidence"] = {{"configMap", evidence->configMap},
                          {"head", evidence->head},
                          {"records", evidence->records}};
  }
  return result;
}

}  // namespace bailiwick::api
