#pragma once
// What a ModelPassport's status says of its use and validity, and the finalizer that keeps it while
// a ModelDeployment uses it.

#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "kube/client.hpp"
#include "kube/outcome.hpp"
#include "plan/passport.hpp"
#include "reconcile/caches.hpp"

namespace bailiwick::reconcile {

class PassportController {
 public:
  struct Config {
    kube::Transport* transport = nullptr;  // fenced
    Caches* caches = nullptr;
    std::function<api::Time()> now;
  };

  explicit PassportController(Config config);

  // Names the passports whose status or finalizer a change of the caches may concern, on the
  // caches' threads. To be called before they start.
  void watch(const std::function<void(const api::Key&)>& changed);

  kube::Outcome reconcile(const api::Key& key, std::stop_token stop);

 private:
  using Deployments = std::vector<std::shared_ptr<const api::ModelDeployment>>;
  kube::ApiResult<Deployments> listDeployments(std::stop_token stop);
  kube::Outcome writeFinalizers(const api::ModelPassport& passport,
                                const std::vector<std::string>& finalizers, std::stop_token stop);
  kube::Outcome writeStatus(const api::ModelPassport& passport,
                            const api::ModelPassportStatus& status, std::stop_token stop);

  Config config_;
  plan::FindPassport find_;
};

}  // namespace bailiwick::reconcile
