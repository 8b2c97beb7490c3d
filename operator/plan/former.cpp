#include "plan/former.hpp"

#include <algorithm>
#include <set>

#include "api/labels.hpp"
#include "api/running.hpp"

namespace bailiwick::plan {

const Former* formerOf(const api::Pod& pod, const Formers& formers) {
  if (formers.empty()) return nullptr;
  const auto* said = pod.meta.annotations.find(api::names::runs);
  const auto found = said ? formers.find(*said) : formers.end();
  return found == formers.end() ? nullptr : found->second.get();
}

std::vector<std::pair<std::string, api::Variant>> formerVariants(
    const api::ModelDeployment& deployment, const std::vector<const api::Pod*>& pods) {
  std::set<std::string> known;
  for (const auto& variant : deployment.spec.variants) known.insert(api::describeRunning(variant));
  std::vector<std::pair<std::string, api::Variant>> found;
  for (const auto* pod : pods) {
    const auto* said = pod->meta.annotations.find(api::names::runs);
    if (!said || !known.insert(*said).second) continue;
    if (auto variant = api::parseRunning(*said)) found.emplace_back(*said, *std::move(variant));
  }
  return found;
}

}  // namespace bailiwick::plan
