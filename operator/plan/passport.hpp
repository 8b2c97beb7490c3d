#pragma once
// A passport in this cluster: which ModelDeployments use it, whether its evidence is current, and
// when that is to be judged again.

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"

namespace bailiwick::plan {

// Nullptr where there is no such passport.
using FindPassport = std::function<std::shared_ptr<const api::ModelPassport>(std::string_view)>;

// Names of the passport itself and of all its ancestors, whether or not they exist.
std::set<std::string> lineageOf(const api::ModelPassport& passport, const FindPassport& find);

// Names of the passports that the variants refer to, with their lineage: what the deployment uses.
// The passports of one that cannot be read are not known, hence none.
std::set<std::string> passportsOf(const api::ModelDeployment& deployment, const FindPassport& find);

struct PassportInput {
  const api::ModelPassport& passport;
  const std::vector<std::shared_ptr<const api::ModelDeployment>>& deployments;
  const FindPassport& find;
  api::Time now;
};

struct PassportDecision {
  api::ModelPassportStatus status;
  // All that the passport is to carry, those of others as they are. Ours is there while a
  // ModelDeployment uses the passport, and stays while something that cannot be read might.
  std::vector<std::string> finalizers;
  std::optional<api::Time> wakeAt;  // the next expiry of evidence that counts
};

PassportDecision decide(const PassportInput& input);

}  // namespace bailiwick::plan
