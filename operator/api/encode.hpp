#pragma once
// Status as JSON, for merge patches: what is absent is null, so that the patch takes it away.

#include <nlohmann/json_fwd.hpp>

#include "api/exit_order.hpp"
#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"
#include "api/region.hpp"
#include "api/sovereignty_policy.hpp"

namespace bailiwick::api {

nlohmann::json toJson(const ModelDeploymentStatus& status);
nlohmann::json toJson(const ModelPassportStatus& status);
// Without tombstones and evidenceHeads: each has a writer of its own.
nlohmann::json toJson(const RegionStatus& status);
nlohmann::json toJson(const SovereigntyPolicyStatus& status);
nlohmann::json toJson(const ExitOrderStatus& status);

nlohmann::json toJson(const Condition& condition);

}  // namespace bailiwick::api
