#include "api/quantity.hpp"
#include "plugin/plan_report.hpp"

namespace bailiwick::plugin {
namespace {

using Json = nlohmann::ordered_json;

Json units(api::Units value) { return api::formatThousandths(value); }

Json toJson(const VariantChange& v) {
  Json json = {{"name", v.name}, {"before", v.before}, {"after", v.after}, {"pools", v.pools}};
  if (v.refusal) {
    json["reason"] = v.refusal->reason;
    json["message"] = v.refusal->message;
  }
  return json;
}

Json toJson(const api::Condition& condition) {
  return {{"status", condition.status},
          {"reason", condition.reason},
          {"message", condition.message}};
}

Json toJson(const DeploymentChange& d) {
  Json variants = Json::array();
  for (const auto& v : d.variants) variants.push_back(toJson(v));
  Json elsewhere = Json::object();
  for (const auto& [region, assigned] : d.elsewhere) elsewhere[region] = units(assigned);
  Json json = {{"namespace", d.key.ns},
               {"name", d.key.name},
               {"applied", d.applied},
               {"change", changeName(d.change)},
               {"units",
                {{"wanted", units(d.wanted)},
                 {"wantedHere", units(d.here)},
                 {"before", units(d.before)},
                 {"after", units(d.after)}}},
               {"elsewhere", elsewhere},
               {"variants", variants},
               {"placed", toJson(d.placed)},
               {"compliant", toJson(d.compliant)},
               {"exitReady", toJson(d.exitReady)}};
  json["exitReady"]["before"] = d.wasExitReady;
  if (!d.costBefore.empty()) json["costPerHour"]["before"] = d.costBefore;
  if (!d.costAfter.empty()) json["costPerHour"]["after"] = d.costAfter;
  return json;
}

Json toJson(const RegionChange& r) {
  Json deployments = Json::array();
  for (const auto& d : r.deployments) deployments.push_back(toJson(d));
  return {{"name", r.name},
          {"from", r.from},
          {"provider", r.provider},
          {"location", r.location},
          {"jurisdiction", r.jurisdiction},
          {"nodes", r.nodes},
          {"unreadable", r.unreadable},
          {"costPerHour", {{"before", r.cost.before}, {"after", r.cost.after}}},
          {"deployments", deployments}};
}

}  // namespace

Json toJson(const PlanReport& report) {
  Json objects = Json::array(), regions = Json::array(), findings = Json::array();
  for (const auto& o : report.objects) {
    objects.push_back({{"object", o.object}, {"where", o.where}, {"change", changeName(o.change)}});
  }
  for (const auto& r : report.regions) regions.push_back(toJson(r));
  for (const auto& f : report.findings) {
    findings.push_back({{"where", f.where},
                        {"object", f.object},
                        {"region", f.region},
                        {"reason", f.reason},
                        {"message", f.message}});
  }
  return {{"objects", objects},
          {"notJudged", report.others},
          {"regions", regions},
          {"findings", findings}};
}

}  // namespace bailiwick::plugin
