#pragma once
// Events (events.k8s.io/v1): what a person should know of a decision. A repetition becomes a series;
// an object that says too much is silenced for a while.

#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>

#include "api/meta.hpp"
#include "kube/client.hpp"
#include "kube/retry_limiter.hpp"

namespace bailiwick::reconcile {

struct Event {
  std::string kind;  // of the object: ModelDeployment
  api::ObjectMeta regarding;
  bool warning = false;
  std::string reason;  // CamelCase
  std::string action;  // what was done or found: Placing
  std::string note;
};

class EventRecorder {
 public:
  EventRecorder(kube::Transport& transport, std::string instance,
                std::function<api::Time()> now);

  // Best effort: an event that cannot be written is logged and forgotten.
  void record(const Event& event, std::stop_token stop);

 private:
  struct Series {
    api::Key name;
    int count = 1;
    api::Time last;
  };
  bool allowed(const api::ObjectMeta& object);
  void forgetOld(api::Time now);

  kube::Transport& transport_;
  const std::string instance_;
  const std::function<api::Time()> now_;
  std::mutex mutex_;
  std::map<std::string, Series> series_;              // by object uid, reason and note
  std::map<std::string, kube::TokenBucket> budgets_;  // by object uid
};

}  // namespace bailiwick::reconcile
