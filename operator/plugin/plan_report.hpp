#pragma once
// The answer of `plan`: what changes in each region, what was found, and how to show both.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "manifest/manifests.hpp"
#include "plugin/comparison.hpp"
#include "plugin/print.hpp"

namespace bailiwick::plugin {

struct PlanFinding {
  std::string where;   // "file:12", or empty
  std::string object;  // "ModelDeployment team/x", or empty
  std::string region;  // or empty: it concerns no single one
  std::string reason;  // of api.md, "Manifest" for what cannot be applied, "Displaced" for others' loss
  std::string message;
};

struct ObjectChange {
  std::string object;
  std::string where;
  Change change = Change::Unchanged;
};

struct PlanReport {
  std::vector<ObjectChange> objects;  // of our kinds
  std::vector<std::string> others;    // "2 Namespace": not judged here
  std::vector<RegionChange> regions;
  std::vector<PlanFinding> findings;
};

// What a person should look at before applying.
std::vector<PlanFinding> findingsOf(const manifest::Manifests& manifests,
                                    const std::vector<RegionChange>& regions);

nlohmann::ordered_json toJson(const PlanReport& report);
std::string toText(const PlanReport& report, const Terminal& terminal, bool wide);

}  // namespace bailiwick::plugin
