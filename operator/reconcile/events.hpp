#pragma once
// Events (events.k8s.io/v1): what a person should know of a decision. A repetition becomes a series;
// an object that says too much is silenced for a while.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

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

// Writes from a thread of its own, which ends with it: nobody's replicas wait for an event.
class EventRecorder {
 public:
  EventRecorder(kube::Transport& transport, std::string instance,
                std::function<api::Time()> now);

  // Returns at once. Best effort: an event that cannot be written, or finds too many waiting, is
  // logged and forgotten.
  void record(const Event& event);

 private:
  struct Series {
    api::Key name;
    int count = 1;
    api::Time last;
  };
  struct Waiting {
    std::string series;
    std::string object;  // namespace/name, for the log
    kube::Request request;
  };
  bool allowed(const api::ObjectMeta& object);
  void forgetOld(api::Time now);
  // Of this event, which is counted by it.
  Waiting counted(const Event& event, const std::string& id, api::Time now);
  void lost(const Waiting& event, const std::string& why);
  std::string send(const kube::Request& request, std::stop_token stop);
  void write(std::stop_token stop);

  kube::Transport& transport_;
  const std::string instance_;
  const std::function<api::Time()> now_;
  std::mutex mutex_;
  std::map<std::string, Series> series_;              // by object uid, reason and note
  std::map<std::string, kube::TokenBucket> budgets_;  // by object uid
  std::deque<Waiting> waiting_;
  std::condition_variable_any arrived_;
  std::jthread writer_;
};

}  // namespace bailiwick::reconcile
