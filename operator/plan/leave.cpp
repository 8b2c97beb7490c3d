#include "plan/leave.hpp"

#include <algorithm>

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

std::optional<api::Time> stopsLater(const ExitInForce& exit, const api::ModelDeployment& deployment,
                                    api::Time now) {
  const auto begins = stopBegins(exit.order->spec, deployment);
  if (leaveOf(exit, deployment, now) == Leave::Now) return std::nullopt;
  if (leaveOf(exit, deployment, begins) != Leave::Now) return std::nullopt;
  return begins;
}

const Targeting* targetingIn(const std::vector<Targeting>& exits, const api::ExitOrder& order) {
  const auto found = std::find_if(exits.begin(), exits.end(), [&](const Targeting& targeting) {
    return targeting.exit.order->meta.uid == order.meta.uid;
  });
  return found == exits.end() ? nullptr : &*found;
}

}  // namespace bailiwick::plan
