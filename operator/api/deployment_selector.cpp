#include "api/deployment_selector.hpp"

#include <algorithm>

namespace bailiwick::api {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool holdsAny(const std::vector<std::string>& wanted, const ModelDeployment& deployment) {
  if (!deployment.decodeError.empty()) return true;
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
    return contains(deployment.spec.placement.dataResidency, name);
  });
}

}  // namespace

bool selects(const DeploymentSelector& selector, const ModelDeployment& deployment) {
  if (!selector.namespaces.empty() && !contains(selector.namespaces, deployment.meta.key.ns)) {
    return false;
  }
  if (!deployment.meta.labels.containsAll(selector.matchLabels)) return false;
  return selector.dataResidency.empty() || holdsAny(selector.dataResidency, deployment);
}

}  // namespace bailiwick::api
