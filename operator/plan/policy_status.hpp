#pragma once
// What a SovereigntyPolicy's status is to say, and the ExitOrder that its enforcement asks for.

#include <optional>
#include <string>

#include "api/exit_order.hpp"
#include "api/sovereignty_policy.hpp"
#include "plan/placement.hpp"

namespace bailiwick::plan {

struct PolicyInput {
  const api::SovereigntyPolicy& policy;
  // Nullptr while no plan can be made: what violates the policy is not known then.
  const Plan* plan = nullptr;
  const catalog::Catalog& catalog;
  const api::ExitOrder* order = nullptr;  // of the policy's name, or nullptr
  api::Time now;
};

struct PolicyDecision {
  api::SovereigntyPolicyStatus status;
  // To be created once the status is written: its deadline counts from the first violation, so that
  // whoever deletes the order buys no time (protocols 7).
  std::optional<api::ExitOrderSpec> order;
  // The grace period has grown: the order gets this deadline, and then the status is written.
  std::optional<api::Time> postponed;
};

PolicyDecision decide(const PolicyInput& input);

}  // namespace bailiwick::plan
