#pragma once
// Which ModelDeployments a policy or an exit order is about. What is empty restricts nothing.

#include <string>
#include <vector>

#include "api/meta.hpp"
#include "api/model_deployment.hpp"

namespace bailiwick::api {

struct DeploymentSelector {
  std::vector<std::string> namespaces;
  Labels matchLabels;
  std::vector<std::string> dataResidency;  // any of these classes in placement.dataResidency
  friend bool operator==(const DeploymentSelector&, const DeploymentSelector&) = default;
};

// Of a deployment whose spec cannot be read the classes are not known: it counts as having any.
bool selects(const DeploymentSelector& selector, const ModelDeployment& deployment);

}  // namespace bailiwick::api
