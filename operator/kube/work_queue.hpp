#pragma once
// A queue of names to reconcile. A name waits at most once, however often it is added, and is never
// handed to two workers: added while it is being worked on, it is handed out again afterwards.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "kube/backoff.hpp"
#include "kube/retry_limiter.hpp"
#include "kube/store.hpp"

namespace bailiwick::kube {

template <class Item = api::Key, class Hash = KeyHash>
class WorkQueue {
 public:
  using Clock = std::chrono::steady_clock;

  explicit WorkQueue(RetryLimits limits = {})
      : limits_(limits), bucket_(limits.perSecond, limits.burst) {}

  void add(const Item& item);
  // At the earliest after `delay`; of several such calls the earliest counts.
  void addAfter(const Item& item, std::chrono::milliseconds delay);
  // After a failure: backs off per item and over all; never sooner than `atLeast`.
  void addRateLimited(const Item& item, std::chrono::milliseconds atLeast = {});
  // After a refusal, which only somebody else can lift: the same, but slowly from the start.
  void addRefused(const Item& item);
  // Ends the item's run of failures.
  void forget(const Item& item);

  // Blocks. Nullopt when stopped or shut down. Every item got is given back with done().
  std::optional<Item> get(std::stop_token stop);
  void done(const Item& item);

  // Wakes every get(); add() does nothing from then on.
  void shutdown();

  std::size_t size() const;  // ready to be handed out
  int failures(const Item& item) const;

 private:
  // Whether it is to be handed out now.
  bool enqueueLocked(const Item& item);
  void addLocked(const Item& item);
  void addAtLocked(const Item& item, Clock::time_point when);
  void addFailedLocked(const Item& item, std::chrono::milliseconds min,
                       std::chrono::milliseconds max, std::chrono::milliseconds atLeast);
  void promoteDueLocked(Clock::time_point now);

  RetryLimits limits_;
  TokenBucket bucket_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  bool shutdown_ = false;
  std::deque<Item> queue_;
  std::unordered_set<Item, Hash> dirty_;
  std::unordered_set<Item, Hash> processing_;
  std::unordered_map<Item, int, Hash> failures_;
  std::unordered_map<Item, Clock::time_point, Hash> waiting_;
  std::multimap<Clock::time_point, Item> due_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace bailiwick::kube

#include "kube/work_queue.ipp"
