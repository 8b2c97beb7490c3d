#pragma once
// Read your own writes: a deployment is decided on again only with a plan that has seen what was
// written for it before.

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "kube/expectations.hpp"
#include "kube/outcome.hpp"

namespace bailiwick::reconcile {

class OwnWrites {
 public:
  using Clock = std::chrono::steady_clock;

  // Without news from the caches for this long the next decision is made all the same: from the same
  // view it comes out the same, and a deployment must not stand still for good.
  static constexpr std::chrono::seconds patience{60};

  // `seen` asks for a plan that has seen this deployment's writes.
  explicit OwnWrites(std::function<void(const api::Key&)> seen,
                     std::function<Clock::time_point()> now = Clock::now);

  kube::Expectations& expectations() { return expectations_; }
  // Something was written for this deployment.
  void wrote(const api::Key& key);
  // What to do instead of deciding on a plan that was gathered then; nothing: decide.
  std::optional<kube::Outcome> wait(const api::Key& key, Clock::time_point gathered);
  void forget(const api::Key& key);

 private:
  struct Waiting {
    Clock::time_point since;
    int polls = 0;
  };

  const std::function<void(const api::Key&)> seen_;
  const std::function<Clock::time_point()> now_;
  kube::Expectations expectations_;
  std::mutex mutex_;
  std::map<api::Key, Waiting> waiting_;
  std::map<api::Key, Clock::time_point> notBefore_;  // of the next plan to use
};

}  // namespace bailiwick::reconcile
