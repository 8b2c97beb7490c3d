#pragma once
// Pods that are on their way out and wait for what their sidecar reports: recorded, then let go
// (protocols 4). One way out for people: docs/exits.md.

#include <functional>
#include <stop_token>

#include "kube/client.hpp"
#include "kube/outcome.hpp"
#include "plan/drain.hpp"
#include "reconcile/caches.hpp"

namespace bailiwick::reconcile {

// Takes our finalizer off the pod, exactly as it was seen; the others stay. A pod that is gone is no
// failure.
kube::ApiResult<void> letGo(kube::Transport& transport, const api::Pod& pod, std::stop_token stop);

class DrainController {
 public:
  struct Config {
    kube::Transport* transport = nullptr;  // fenced
    Caches* caches = nullptr;
    // Whether an exit order records this pod: then it is let go by that order's controller.
    std::function<bool(const api::Pod&)> recordedElsewhere;
    std::function<void(const plan::Drained&)> drained;  // for metrics
  };

  explicit DrainController(Config config) : config_(std::move(config)) {}

  // Names the pods that wait, on the caches' threads. To be called before they start.
  void watch(const std::function<void(const api::Key&)>& changed);

  kube::Outcome reconcile(const api::Key& key, std::stop_token stop);

 private:
  Config config_;
};

}  // namespace bailiwick::reconcile
