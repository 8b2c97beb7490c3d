#include <fmt/format.h>

#include <map>
#include <set>

#include "api/quantity.hpp"
#include "plugin/plan_report.hpp"

namespace bailiwick::plugin {
namespace {

std::string objectOf(const api::Key& key) { return "ModelDeployment " + key.str(); }

PlanFinding ofManifest(const manifest::Finding& f) {
  const auto message = f.path.empty() ? f.message : f.path + ": " + f.message;
  return {f.origin.str(), f.object, "", "Manifest", message};
}

struct Placement {
  api::Units wanted = 0, assigned = 0;
  std::map<std::string, api::Units> told;  // of regions that were not read
  bool applied = false, paused = false;
  std::vector<const RegionChange*> regions;
  std::vector<const DeploymentChange*> changes;
};

// By deployment, over all regions, those included of which only a peer tells.
std::map<api::Key, Placement> placements(const std::vector<RegionChange>& regions) {
  std::map<api::Key, Placement> all;
  std::set<std::string> counted;
  for (const auto& region : regions) counted.insert(region.name);
  for (const auto& region : regions) {
    for (const auto& change : region.deployments) {
      auto& placement = all[change.key];
      placement.wanted = change.wanted;
      placement.assigned += change.after;
      for (const auto& [other, units] : change.elsewhere) {
        if (!counted.contains(other)) placement.told[other] = units;
      }
      placement.applied |= change.applied;
      placement.paused |= change.paused;
      placement.regions.push_back(&region);
      placement.changes.push_back(&change);
    }
  }
  for (auto& [key, placement] : all) {
    for (const auto& [other, units] : placement.told) placement.assigned += units;
  }
  return all;
}

// The region that comes nearest, and its reason; the others are in the table.
PlanFinding notPlaced(const api::Key& key, const Placement& placement) {
  std::size_t nearest = 0;
  for (std::size_t i = 1; i < placement.changes.size(); ++i) {
    const auto &a = *placement.changes[i], &b = *placement.changes[nearest];
    const bool closer = a.after > b.after ||
                        (a.after == b.after && policy::precedence(a.placed.reason) >
                                                   policy::precedence(b.placed.reason));
    if (closer) nearest = i;
  }
  const auto& change = *placement.changes[nearest];
  auto message = change.placed.message;
  if (placement.changes.size() > 1) {
    message = fmt::format("{} of {} units have a place in {} regions; nearest is {}: {}",
                          api::formatThousandths(placement.assigned),
                          api::formatThousandths(placement.wanted), placement.changes.size(),
                          placement.regions[nearest]->name, message);
  }
  return {"", objectOf(key), placement.regions[nearest]->name, change.placed.reason, message};
}

std::string losses(const DeploymentChange& change) {
  return fmt::format("would have {} instead of {} units: {}", api::formatThousandths(change.after),
                     api::formatThousandths(change.before), change.placed.message);
}

}  // namespace

std::vector<PlanFinding> findingsOf(const manifest::Manifests& manifests,
                                    const std::vector<RegionChange>& regions) {
  std::vector<PlanFinding> findings;
  for (const auto& finding : manifests.findings) findings.push_back(ofManifest(finding));
  for (const auto& [key, placement] : placements(regions)) {
    const bool placed = placement.assigned >= placement.wanted || placement.paused;
    if (placement.applied && !placed) findings.push_back(notPlaced(key, placement));
    for (std::size_t i = 0; i < placement.changes.size(); ++i) {
      const auto& change = *placement.changes[i];
      const auto& region = placement.regions[i]->name;
      const bool lost = change.after < change.before && change.placed.status != "True";
      if (!change.applied && lost) {
        findings.push_back({"", objectOf(key), region, "Displaced", losses(change)});
      }
      if (change.wasCompliant && change.compliant.status == "False") {
        findings.push_back({"", objectOf(key), region, change.compliant.reason,
                            change.compliant.message});
      }
      if (change.wasExitReady == "True" && change.exitReady.status == "False") {
        findings.push_back({"", objectOf(key), region, change.exitReady.reason,
                            change.exitReady.message});
      }
    }
  }
  return findings;
}

}  // namespace bailiwick::plugin
