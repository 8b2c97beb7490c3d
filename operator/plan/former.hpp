#pragma once
// What still runs although the spec no longer says it: a variant that has left the spec, or that
// has become another thing under its old name. Law and exit orders judge it by what its pods say of
// themselves, so that no edit of a spec hides from them what runs.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/workload.hpp"
#include "plan/leave.hpp"
#include "plan/legality.hpp"

namespace bailiwick::plan {

struct Former {
  api::Variant variant;
  VariantLaw law;
  std::vector<Targeting> exits;
  Leave leave = Leave::Stay;
};

// By what the pods say.
using Formers = std::map<std::string, std::shared_ptr<const Former>, std::less<>>;

// Nullptr: the pod is what the spec says, or says nothing of itself.
const Former* formerOf(const api::Pod& pod, const Formers& formers);

// What the pods say of themselves that no variant of the spec is.
std::vector<std::pair<std::string, api::Variant>> formerVariants(
    const api::ModelDeployment& deployment, const std::vector<const api::Pod*>& pods);

}  // namespace bailiwick::plan
