#pragma once
// Status as JSON, for merge patches: what is absent is null, so that the patch takes it away.

#include <nlohmann/json_fwd.hpp>

#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"
#include "api/region.hpp"

namespace bailiwick::api {

nlohmann::json toJson(const ModelDeploymentStatus& status);
nlohmann::json toJson(const ModelPassportStatus& status);
nlohmann::json toJson(const RegionStatus& status);

}  // namespace bailiwick::api
