#include "reconcile/policy_controller.hpp"

#include <nlohmann/json.hpp>

#include "api/encode.hpp"
#include "api/labels.hpp"
#include "log/log.hpp"

namespace bailiwick::reconcile {
namespace {

using nlohmann::json;
namespace resources = kube::resources;

}  // namespace

void PolicyController::watch(const std::function<void(const api::Key&)>& changed) {
  using Policy = std::shared_ptr<const api::SovereigntyPolicy>;
  const auto itself = [changed](const Policy& policy) { changed(policy->meta.key); };
  config_.caches->policies.addHandler(
      {itself, [itself](const Policy&, const Policy& after) { itself(after); }, {}});
  using Order = std::shared_ptr<const api::ExitOrder>;
  const auto ofSameName = [changed](const Order& order) { changed(order->meta.key); };
  const auto postponed = [ofSameName](const Order& before, const Order& after) {
    if (before->spec.deadline != after->spec.deadline) ofSameName(after);
  };
  config_.caches->exitOrders.addHandler({ofSameName, postponed, ofSameName});
}

kube::Outcome PolicyController::reconcile(const api::Key& key, std::stop_token stop) {
  const auto policy = config_.caches->policies.store().get(key);
  const auto planned = config_.planner->current();
  if (!policy || !planned) return kube::Done{};  // a plan names every policy
  const auto order = config_.caches->exitOrders.store().get(key);
  const bool known = planned->snapshot.region != nullptr;
  const auto decision =
      plan::decide({*policy, known ? &planned->plan : nullptr, *config_.catalog, order.get(),
                    config_.now()});
  if (decision.postponed) return postpone(*order, *decision.postponed, stop);
  if (decision.status != policy->status) return writeStatus(*policy, decision.status, stop);
  if (decision.order) return createOrder(key.name, *decision.order, stop);
  return kube::Done{};
}

kube::Outcome PolicyController::writeStatus(const api::SovereigntyPolicy& policy,
                                            const api::SovereigntyPolicyStatus& status,
                                            std::stop_token stop) {
  const json body = {{"metadata", {{"resourceVersion", policy.meta.resourceVersion}}},
                     {"status", api::toJson(status)}};
  const auto written = kube::write(
      *config_.transport,
      kube::statusPatch(resources::sovereigntyPolicies, policy.meta.key, body.dump()), stop);
  if (written || written.error().kind == kube::ApiError::Kind::NotFound) return kube::Done{};
  return kube::outcomeOf(written.error());
}

// It has no owner: it stays as a record when the policy goes.
kube::Outcome PolicyController::createOrder(const std::string& policy,
                                            const api::ExitOrderSpec& spec,
                                            std::stop_token stop) {
  const json body = {
      {"apiVersion", resources::exitOrders.apiVersion()},
      {"kind", resources::exitOrders.kind},
      {"metadata", {{"name", policy}}},
      {"spec",
       {{"target", {{"policies", spec.target.policies}}},
        {"reason", spec.reason},
        {"deadline", api::formatTime(spec.deadline)}}}};
  const auto written = kube::write(
      *config_.transport, kube::create(resources::exitOrders, "", body.dump()), stop);
  // One that came meanwhile is told by its own event.
  if (!written && written.error().kind == kube::ApiError::Kind::AlreadyExists) return kube::Done{};
  if (!written) return kube::outcomeOf(written.error());
  log::info("exit ordered", {{"policy", policy}, {"deadline", api::formatTime(spec.deadline)}});
  return kube::Done{};
}

// Its event brings the policy back, whose status then tells the same.
kube::Outcome PolicyController::postpone(const api::ExitOrder& order, api::Time deadline,
                                         std::stop_token stop) {
  const json body = {
      {"metadata", {{"uid", order.meta.uid}, {"resourceVersion", order.meta.resourceVersion}}},
      {"spec", {{"deadline", api::formatTime(deadline)}}}};
  const auto written = kube::write(
      *config_.transport, kube::mergePatch(resources::exitOrders, order.meta.key, body.dump()), stop);
  if (!written && written.error().kind == kube::ApiError::Kind::NotFound) return kube::Done{};
  if (!written) return kube::outcomeOf(written.error());
  log::info("exit postponed",
            {{"policy", order.meta.key.name}, {"deadline", api::formatTime(deadline)}});
  return kube::Done{};
}

}  // namespace bailiwick::reconcile
