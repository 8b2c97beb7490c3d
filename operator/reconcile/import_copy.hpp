#pragma once
// The manifest of a copy, made of what a peer answered. Pure.

#include <string>

#include "api/result.hpp"
#include "fleet/import.hpp"

namespace bailiwick::reconcile {

// `answer` is the original as its API server has it now. Fails where that is not the one that was
// decided on: another uid, or another spec. `own` is the copy that is to be replaced, or nullptr.
Result<std::string> copyOf(const std::string& answer, const fleet::ImportDecision& decision,
                           const api::ModelDeployment* own);

}  // namespace bailiwick::reconcile
