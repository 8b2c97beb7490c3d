#pragma once
// The fleet as one cluster sees it. Pure.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/region.hpp"
#include "plugin/terminal.hpp"

namespace bailiwick::plugin {

// One region, and what of the deployments it serves by their status here.
struct FleetRow {
  std::string name, jurisdiction, health, reachable, message;
  std::optional<api::Time> since, lastHeartbeat;
  bool self = false;
  std::string server, clusterUid;
  int deployments = 0, share = 0, ready = 0;  // replicas
  int devices = 0, devicesFree = 0;           // of one's own region only: pools are not relayed
  bool concern = false;                       // a person should look at it
};

std::vector<FleetRow> fleetOf(const std::vector<api::Region>& regions,
                              const std::vector<api::ModelDeployment>& deployments);
std::string fleetText(const std::vector<FleetRow>& rows, bool wide, const Terminal& terminal,
                      api::Time now);
nlohmann::ordered_json fleetJson(const std::vector<FleetRow>& rows);

}  // namespace bailiwick::plugin
