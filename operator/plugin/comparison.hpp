#pragma once
// What applying manifests changes in one region: two forecasts of it, side by side. Pure.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugin/forecast.hpp"

namespace bailiwick::plugin {

struct VariantChange {
  std::string name;
  int before = 0, after = 0;       // replicas
  std::vector<std::string> pools;  // that take them
  std::optional<policy::Refusal> refusal;  // why it gets none, or fewer than it could use
};

struct DeploymentChange {
  api::Key key;
  Change change = Change::Unchanged;
  bool applied = false;  // is among the manifests
  bool paused = false;
  api::Units wanted = 0, here = 0;  // over the whole domain; at most in this region
  api::Units before = 0, after = 0; // assigned here
  std::map<std::string, api::Units> elsewhere;  // assigned in other regions, afterwards
  std::vector<VariantChange> variants;
  api::Condition placed, compliant, exitReady;
  bool wasCompliant = true;
  std::string wasExitReady = "Unknown";  // the condition's status
  std::string costBefore, costAfter;  // "96.00 EUR", or empty where no price is known

  bool moves() const;  // replicas of any variant come or go
};

// Sums by currency, in the order of the currencies.
struct Cost {
  std::vector<std::string> before, after;  // "96.00 EUR"
};

struct RegionChange {
  std::string name, from, provider, location, jurisdiction;
  int nodes = 0;
  std::vector<std::string> unreadable;  // left out of the plan, each with its error
  std::vector<DeploymentChange> deployments;  // by key
  Cost cost;
};

RegionChange compare(const Forecast& before, const Forecast& after,
                     const std::vector<Overlaid>& overlaid);

}  // namespace bailiwick::plugin
