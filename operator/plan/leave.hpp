#pragma once
// What exit orders do to placement: nothing new of what they target, ever; and what runs of it leaves
// when the order's controller says so, which has recorded the decision before.

#include <optional>
#include <string>
#include <vector>

#include "api/exit_order.hpp"
#include "api/model_deployment.hpp"

namespace bailiwick::plan {

enum class Leave {
  Stay,   // only nothing new
  First,  // it goes when its replacement is Ready
  Now,    // it goes, replacement or not
};

// An order that exists and is no drill.
struct ExitInForce {
  const api::ExitOrder* order = nullptr;
  bool moves = false;    // what it targets leaves
  bool frozen = false;   // it has moved and must wait: what it affects stays as it is
  bool mayStop = false;  // its deadline may cut
};

// When a Stop begins for this deployment: what is left then has its drain timeout until the deadline.
api::Time stopBegins(const api::ExitOrderSpec& order, const api::ModelDeployment& deployment);

Leave leaveOf(const ExitInForce& exit, const api::ModelDeployment& deployment, api::Time now);
// When time alone will make that Now, if it will.
std::optional<api::Time> stopsLater(const ExitInForce& exit, const api::ModelDeployment& deployment,
                                    api::Time now);

// Which order leaves a variant, and what of it is named.
struct Targeting {
  ExitInForce exit;
  std::string why;
};

// Nullptr: the order is not among them.
const Targeting* targetingIn(const std::vector<Targeting>& exits, const api::ExitOrder& order);

}  // namespace bailiwick::plan
