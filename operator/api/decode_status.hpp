#pragma once
// Statuses of our own kinds. One that cannot be read is empty: it is ours to write again.

#include <simdjson.h>

#include "api/exit_order.hpp"
#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"
#include "api/region.hpp"
#include "api/sovereignty_policy.hpp"

namespace bailiwick::api {

ModelDeploymentStatus readDeploymentStatus(simdjson::dom::element status);
ModelPassportStatus readPassportStatus(simdjson::dom::element status);
RegionStatus readRegionStatus(simdjson::dom::element status);
SovereigntyPolicyStatus readPolicyStatus(simdjson::dom::element status);
ExitOrderStatus readExitOrderStatus(simdjson::dom::element status);

}  // namespace bailiwick::api
