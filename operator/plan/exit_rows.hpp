#pragma once
// The shares that an exit order leaves, as they are now.

#include <map>
#include <string>
#include <vector>

#include "plan/exit.hpp"

namespace bailiwick::plan {

struct ExitRow {
  std::string why;  // what of it is named; empty: only the journal knows it
  const DeploymentPlan* deployment = nullptr;  // null: it is gone
  const VariantPlan* variant = nullptr;        // null: its spec no longer has what is left
  const Former* former = nullptr;              // what is left, where the spec no longer has it
  std::vector<const api::Pod*> alive;  // bound or waiting, not on their way out
  std::vector<const api::Pod*> going;  // being deleted, and still there
  std::vector<const api::Pod*> ended;  // failed or succeeded by themselves
  bool marked = false;  // one of the alive is about to go
  int replicas = 0;     // alive ones; a group counts once

  bool runs() const { return !alive.empty() || !going.empty(); }
};

using ExitRows = std::map<RowKey, ExitRow>;

// The plan as it would be if the order moved what it targets, whatever it does now.
Plan planIfMoved(const World& world, const api::ExitOrder& order);

// `view`: a plan in which the order moves. Every targeted share with a pod, and every one that the
// journal knows.
ExitRows rowsOf(const ExitInput& input, const Plan& view);

// What takes over, or which constraint binds.
Decision decide(const ExitRow& row, const RowKey& key, const ExitInput& input);

}  // namespace bailiwick::plan
