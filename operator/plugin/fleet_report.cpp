#include "plugin/fleet_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "plugin/table.hpp"

namespace bailiwick::plugin {
namespace {

int replicasOf(const std::vector<api::VariantCount>& counts) {
  int all = 0;
  for (const auto& count : counts) all += count.replicas;
  return all;
}

FleetRow rowOf(const api::Region& region) {
  FleetRow row;
  row.name = region.meta.key.name;
  row.jurisdiction = region.jurisdiction;
  row.health = region.status.health.empty() ? "Unknown" : region.status.health;
  row.since = region.status.healthSince;
  row.lastHeartbeat = region.status.lastHeartbeat;
  row.server = region.access ? region.access->server : "";
  row.clusterUid = region.status.clusterUID;
  for (const auto& pool : region.status.pools) {
    row.devices += pool.devices;
    row.devicesFree += pool.devicesFree;
  }
  const auto& conditions = region.status.conditions;
  if (const auto* reachable = api::findCondition(conditions, "Reachable")) {
    row.reachable = reachable->reason;
    row.self = reachable->reason == "Self";
    if (reachable->status != "True" || reachable->reason == "CredentialWarning") {
      row.message = reachable->message;
    }
  } else {
    row.reachable = region.access ? "NotSeenYet" : "NoAccess";
  }
  const auto* agreed = api::findCondition(conditions, "SpecInSync");
  const bool differs = agreed && agreed->status == "False";
  if (differs) row.message = agreed->message;
  if (!region.decodeError.empty()) row.message = region.decodeError;
  row.concern = differs || !region.decodeError.empty() || row.health == "Lost" ||
                row.health == "Suspect" || (row.health == "Unknown" && region.access);
  return row;
}

Paint paintOf(const FleetRow& row) {
  if (row.health == "Live") return Paint::Good;
  return row.health == "Lost" || row.health == "Suspect" ? Paint::Bad : Paint::Warn;
}

// Of whom nobody hears, only what it promised is known.
std::string readyOf(const FleetRow& row) {
  const bool told = row.health != "Lost" && row.health != "Unknown";
  return told || row.share == 0 ? fmt::format("{}/{}", row.ready, row.share)
                                : fmt::format("?/{}", row.share);
}

std::string ago(const std::optional<api::Time>& time, api::Time now) {
  if (!time) return "-";
  const auto seconds =
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(now - *time).count());
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 7200) return fmt::format("{}m", seconds / 60);
  return seconds < 172800 ? fmt::format("{}h", seconds / 3600) : fmt::format("{}d", seconds / 86400);
}

}  // namespace

std::vector<FleetRow> fleetOf(const std::vector<api::Region>& regions,
                              const std::vector<api::ModelDeployment>& deployments) {
  std::vector<FleetRow> rows;
  for (const auto& region : regions) rows.push_back(rowOf(region));
  std::sort(rows.begin(), rows.end(),
            [](const FleetRow& a, const FleetRow& b) { return a.name < b.name; });
  std::map<std::string, FleetRow*> byName;
  for (auto& row : rows) byName[row.name] = &row;
  for (const auto& deployment : deployments) {
    for (const auto& entry : deployment.status.regions) {
      const auto row = byName.find(entry.name);
      const int share = replicasOf(entry.share), ready = replicasOf(entry.ready);
      if (row == byName.end() || (share == 0 && ready == 0)) continue;
      row->second->deployments += 1;
      row->second->share += share;
      row->second->ready += ready;
    }
  }
  return rows;
}

std::string fleetText(const std::vector<FleetRow>& rows, bool wide, const Terminal& terminal,
                      api::Time now) {
  std::vector<std::string> header{"REGION", "IN", "HEALTH", "SINCE", "REACHABLE", "DEPLOYMENTS",
                                  "READY", "FREE"};
  if (wide) header.insert(header.end(), {"SERVER", "CLUSTER"});
  Table table(header);
  std::string messages;
  for (const auto& row : rows) {
    const auto free = row.self ? fmt::format("{}/{}", row.devicesFree, row.devices) : "-";
    std::vector<Cell> cells{{row.self ? row.name + " *" : row.name, row.self ? Paint::Bold : Paint::None},
                            row.jurisdiction,
                            {row.health, paintOf(row)},
                            ago(row.since, now),
                            row.reachable,
                            std::to_string(row.deployments),
                            readyOf(row),
                            free};
    if (wide) cells.insert(cells.end(), {row.server, row.clusterUid});
    table.add(std::move(cells));
    if (!row.message.empty()) {
      messages += "  " + wrapped(row.name + ": " + row.message, terminal.width - 4, 4) + "\n";
    }
  }
  return table.str(terminal) + messages;
}

nlohmann::ordered_json fleetJson(const std::vector<FleetRow>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& row : rows) {
    nlohmann::ordered_json item = {{"name", row.name},
                                   {"self", row.self},
                                   {"jurisdiction", row.jurisdiction},
                                   {"health", row.health},
                                   {"reachable", row.reachable},
                                   {"deployments", row.deployments},
                                   {"share", row.share},
                                   {"ready", row.ready},
                                   {"server", row.server},
                                   {"clusterUID", row.clusterUid},
                                   {"message", row.message}};
    if (row.since) item["healthSince"] = api::formatTime(*row.since);
    if (row.lastHeartbeat) item["lastHeartbeat"] = api::formatTime(*row.lastHeartbeat);
    if (row.self) item["devices"] = {{"all", row.devices}, {"free", row.devicesFree}};
    list.push_back(std::move(item));
  }
  return {{"regions", std::move(list)}};
}

}  // namespace bailiwick::plugin
