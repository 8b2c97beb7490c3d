#pragma once
// What a SovereigntyPolicy's status says of its force and of what violates it, and the ExitOrder
// that enforcement Exit makes.

#include <functional>
#include <stop_token>

#include "kube/client.hpp"
#include "kube/outcome.hpp"
#include "plan/policy_status.hpp"
#include "reconcile/caches.hpp"
#include "reconcile/planner.hpp"

namespace bailiwick::reconcile {

class PolicyController {
 public:
  struct Config {
    kube::Transport* transport = nullptr;  // fenced
    Caches* caches = nullptr;
    const catalog::Catalog* catalog = nullptr;
    const Planner* planner = nullptr;
    std::function<api::Time()> now;
  };

  explicit PolicyController(Config config) : config_(std::move(config)) {}

  // Names the policies whose status may have to change, on the caches' threads. To be called before
  // they start.
  void watch(const std::function<void(const api::Key&)>& changed);

  kube::Outcome reconcile(const api::Key& key, std::stop_token stop);

 private:
  kube::Outcome writeStatus(const api::SovereigntyPolicy& policy,
                            const api::SovereigntyPolicyStatus& status, std::stop_token stop);
  kube::Outcome createOrder(const std::string& policy, const api::ExitOrderSpec& spec,
                            std::stop_token stop);
  kube::Outcome postpone(const api::ExitOrder& order, api::Time deadline, std::stop_token stop);

  Config config_;
};

}  // namespace bailiwick::reconcile
