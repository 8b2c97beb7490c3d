#pragma once
// The condition ExitReady and status.exitReadiness of a deployment, from its answers and drills.

#include <optional>
#include <string>
#include <vector>

#include "api/exit_order.hpp"
#include "api/model_deployment.hpp"
#include "plan/placement.hpp"

namespace bailiwick::plan {

// Tells each answer when leaving its dependency was last rehearsed: what status said before, or a
// drill that has ended since.
void tellDrills(Plan& plan, const std::vector<const api::ExitOrder*>& drills,
                const catalog::Catalog& catalog);

struct ExitReady {
  std::string status, reason, message;
  // When a drill that it rests on becomes too old.
  std::optional<api::Time> until;
};

// True only when every dependency could be left now and, for exit.critical, the last drill of each
// vendor, publisher and provider is no older than exit.drillEvery.
ExitReady exitReadyOf(const DeploymentPlan& plan, api::Time now);

// The same for policies that require it, of a deployment that has dependencies.
policy::ExitReadiness forPolicies(const DeploymentPlan& plan, api::Time now);

std::vector<api::DependencyStatus> rowsOf(const std::vector<Answer>& answers);

}  // namespace bailiwick::plan
