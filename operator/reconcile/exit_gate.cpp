#include "reconcile/exit_gate.hpp"

namespace bailiwick::reconcile {
namespace {

bool same(const plan::ExitInForce& a, const plan::ExitInForce& b) {
  return a.moves == b.moves && a.frozen == b.frozen && a.mayStop == b.mayStop;
}

}  // namespace

bool hasEnded(const api::ExitOrderStatus& status) {
  return status.phase == api::ExitPhase::Verified;
}

plan::ExitInForce unheard(const api::ExitOrderStatus& status) {
  const bool begun = status.phases.size() > 2;
  return {nullptr, begun, begun && !hasEnded(status), false};
}

bool ExitGate::set(const std::string& uid, const plan::ExitInForce& force) {
  const std::lock_guard lock(mutex_);
  const auto known = byUid_.find(uid);
  if (known != byUid_.end() && same(known->second, force)) return false;
  byUid_[uid] = {nullptr, force.moves, force.frozen, force.mayStop};
  return true;
}

void ExitGate::forget(const std::string& uid) {
  const std::lock_guard lock(mutex_);
  byUid_.erase(uid);
}

std::vector<plan::ExitInForce> ExitGate::inForce(
    const std::vector<std::shared_ptr<const api::ExitOrder>>& orders) const {
  const std::lock_guard lock(mutex_);
  std::vector<plan::ExitInForce> result;
  for (const auto& order : orders) {
    if (order->spec.drill || !order->decodeError.empty()) continue;
    const auto known = byUid_.find(order->meta.uid);
    auto force = known == byUid_.end() ? unheard(order->status) : known->second;
    force.order = order.get();
    result.push_back(force);
  }
  return result;
}

}  // namespace bailiwick::reconcile
