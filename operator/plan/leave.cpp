#include "plan/leave.hpp"

namespace bailiwick::plan {

api::Time stopBegins(const api::ExitOrderSpec& order, const api::ModelDeployment& deployment) {
  return order.deadline - deployment.spec.exit.drainTimeout;
}

Leave leaveOf(const ExitInForce& exit, const api::ModelDeployment& deployment, api::Time now) {
  const auto& spec = exit.order->spec;
  if (!exit.moves || exit.frozen) return Leave::Stay;
  if (spec.mode == api::ExitMode::Immediate) return Leave::Now;
  const bool stops = spec.onDeadline == api::OnDeadline::Stop && exit.mayStop;
  return stops && now >= stopBegins(spec, deployment) ? Leave::Now : Leave::First;
}

}  // namespace bailiwick::plan
