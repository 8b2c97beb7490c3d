#include "api/encode.hpp"

#include <nlohmann/json.hpp>

#include "api/time.hpp"

namespace bailiwick::api {
namespace {

using nlohmann::json;

json toJson(const RegionEntry& entry);
json toJson(const VariantStatus& variant);
json toJson(const PoolStatus& pool);
json toJson(const VariantCount& count);
json toJson(const VariantOffer& offer);
json toJson(const DependencyStatus& dependency);
json toJson(const RefusedImport& import);

template <class T>
json list(const std::vector<T>& values) {
  json result = json::array();
  for (const auto& value : values) result.push_back(toJson(value));
  return result;
}

json toJson(const VariantCount& count) {
  return {{"variant", count.variant}, {"replicas", count.replicas}};
}

json toJson(const VariantOffer& offer) {
  json result = {{"variant", offer.variant}, {"replicas", offer.replicas}};
  if (!offer.pools.empty()) result["pools"] = offer.pools;
  if (!offer.reason.empty()) result["reason"] = offer.reason;
  if (!offer.message.empty()) result["message"] = offer.message;
  return result;
}

json toJson(const RegionEntry& entry) {
  json result = {{"name", entry.name},
                 {"self", entry.self},
                 {"health", entry.health},
                 {"sequence", entry.sequence},
                 {"allocator", entry.allocator},
                 {"offer", list(entry.offer)},
                 {"share", list(entry.share)},
                 {"ready", list(entry.ready)}};
  if (!entry.specHash.empty()) result["specHash"] = entry.specHash;
  if (!entry.passportHash.empty()) result["passportHash"] = entry.passportHash;
  if (entry.healthSince) result["healthSince"] = formatTime(*entry.healthSince);
  return result;
}

json toJson(const VariantStatus& variant) {
  json result = {{"name", variant.name},
                 {"assigned", variant.assigned},
                 {"ready", variant.ready},
                 {"pools", variant.pools}};
  if (!variant.podSecurity.empty()) result["podSecurity"] = variant.podSecurity;
  return result;
}

json toJson(const DependencyStatus& dependency) {
  json result = {{"kind", dependency.kind},
                 {"value", dependency.value},
                 {"verdict", dependency.verdict}};
  if (dependency.lastDrill) result["lastDrill"] = formatTime(*dependency.lastDrill);
  if (!dependency.alternative.empty()) result["alternative"] = dependency.alternative;
  if (!dependency.message.empty()) result["message"] = dependency.message;
  return result;
}

json toJson(const PoolStatus& pool) {
  json result = {{"name", pool.name},
                 {"vendor", pool.vendor},
                 {"nodes", pool.nodes},
                 {"nodesReady", pool.nodesReady},
                 {"devices", pool.devices},
                 {"devicesFree", pool.devicesFree},
                 {"largestFreeOnOneNode", pool.largestFreeOnOneNode},
                 {"residencyClasses", pool.residencyClasses},
                 {"eligible", pool.eligible}};
  if (!pool.product.empty()) result["product"] = pool.product;
  if (!pool.memoryPerDevice.empty()) result["memoryPerDevice"] = pool.memoryPerDevice;
  if (!pool.zone.empty()) result["zone"] = pool.zone;
  if (!pool.reason.empty()) result["reason"] = pool.reason;
  return result;
}

json toJson(const RefusedImport& import) {
  return {{"origin", import.origin},
          {"namespace", import.ns},
          {"name", import.name},
          {"reason", import.reason},
          {"message", import.message}};
}

json orNull(const std::string& text) { return text.empty() ? json() : json(text); }

}  // namespace

json toJson(const Condition& c) {
  return {{"type", c.type},
          {"status", c.status},
          {"observedGeneration", c.observedGeneration},
          {"lastTransitionTime", formatTime(c.since)},
          {"reason", c.reason},
          {"message", c.message}};
}

json toJson(const ModelDeploymentStatus& status) {
  json result = {{"observedGeneration", status.observedGeneration},
                 {"replicas", status.replicas},
                 {"selector", status.selector},
                 {"summary",
                  {{"regions", orNull(status.summaryRegions)},
                   {"variant", orNull(status.summaryVariant)}}},
                 {"regions", list(status.regions)},
                 {"variants", list(status.variants)},
                 {"exitReadiness", {{"dependencies", list(status.exitReadiness)}}},
                 {"conditions", list(status.conditions)},
                 {"cost", nullptr}};
  if (!status.costPerHour.empty()) {
    result["cost"] = {{"perHour", status.costPerHour}, {"currency", status.costCurrency}};
  }
  return result;
}

json toJson(const ModelPassportStatus& status) {
  return {{"observedGeneration", status.observedGeneration},
          {"nextExpiry", status.nextExpiry ? json(formatTime(*status.nextExpiry)) : json()},
          {"usedBy", status.usedBy},
          {"conditions", list(status.conditions)}};
}

json toJson(const RegionStatus& status) {
  json result = {{"health", orNull(status.health)},
                 {"pools", list(status.pools)},
                 {"clusterUID", orNull(status.clusterUID)},
                 {"conditions", list(status.conditions)}};
  if (status.healthSince) result["healthSince"] = formatTime(*status.healthSince);
  if (status.lastHeartbeat) result["lastHeartbeat"] = formatTime(*status.lastHeartbeat);
  result["imports"] = status.imports.empty() ? json() : list(status.imports);
  return result;
}

}  // namespace bailiwick::api
