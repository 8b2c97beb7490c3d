#pragma once
// The template part of kube/work_queue.hpp.

#include "kube/work_queue.hpp"

namespace bailiwick::kube {

template <class Item, class Hash>
void WorkQueue<Item, Hash>::add(const Item& item) {
  {
    std::lock_guard lock(mutex_);
    if (!enqueueLocked(item)) return;
  }
  ready_.notify_one();  // who wakes finds the lock free
}

template <class Item, class Hash>
bool WorkQueue<Item, Hash>::enqueueLocked(const Item& item) {
  if (shutdown_ || !dirty_.insert(item).second) return false;
  if (processing_.contains(item)) return false;
  queue_.push_back(item);
  return true;
}

template <class Item, class Hash>
void WorkQueue<Item, Hash>::addLocked(const Item& item) {
  if (enqueueLocked(item)) ready_.notify_one();
}

template <class Item, class Hash>
void WorkQueue<Item, Hash>::addAfter(const Item& item, std::chrono::milliseconds delay) {
  std::lock_guard lock(mutex_);
  if (delay <= std::chrono::milliseconds{0}) {
    addLocked(item);
  } else {
    addAtLocked(item, Clock::now() + delay);
  }
}

template <class Item, class Hash>
void WorkQueue<Item, Hash>::addRateLimited(const Item& item, std::chrono::milliseconds atLeast) {
  std::lock_guard lock(mutex_);
  addFailedLocked(item, limits_.itemMin, limits_.itemMax, atLeast);
}

template <class Item, class Hash>
void WorkQueue<Item, Hash>::addRefused(const Item& item) {
  std::lock_guard lock(mutex_);
  addFailedLocked(item, limits_.refusedMin, limits_.refusedMax, {});
}

template <class Item, class Hash>
void WorkQueue<Item, Hash>::addFailedLocked(const Item& item, std::chrono::milliseconds min,
                                            std::chrono::milliseconds max,
                                            std::chrono::milliseconds atLeast) {
  const auto now = Clock::now();
  const double random = std::uniform_real_distribution<double>(0, 1)(random_);
  const auto delay = std::max<Clock::duration>(
      {backoffAfter(failures_[item]++, min, max, random), bucket_.take(now), atLeast});
  addAtLocked(item, now + delay);
}

template <class Item, class Hash>
void WorkQueue<Item, Hash>::addAtLocked(const Item& item, Clock::time_point when) {
  if (shutdown_) return;
  const auto [it, fresh] = waiting_.try_emplace(item, when);
  if (!fresh) {
    if (it->second <= when) return;
    it->second = when;  // its later entry in due_ is skipped when it comes up
  }
  due_.emplace(when, item);
  ready_.notify_one();
}

template <class Item, class Hash>
void WorkQueue<Item, Hash>::promoteDueLocked(Clock::time_point now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto entry = due_.extract(due_.begin());
    const auto it = waiting_.find(entry.mapped());
    if (it == waiting_.end() || it->second != entry.key()) continue;
    waiting_.erase(it);
    addLocked(entry.mapped());
  }
}

template <class Item, class Hash>
void WorkQueue<Item, Hash>::forget(const Item& item) {
  std::lock_guard lock(mutex_);
  failures_.erase(item);
}

template <class Item, class Hash>
std::optional<Item> WorkQueue<Item, Hash>::get(std::stop_token stop) {
  // The lock, so that no waiter is between its look at `stop` and its wait.
  const std::stop_callback stopped(stop, [this] {
    std::lock_guard lock(mutex_);
    ready_.notify_all();
  });
  std::unique_lock lock(mutex_);
  while (!shutdown_ && !stop.stop_requested()) {
    promoteDueLocked(Clock::now());
    if (!queue_.empty()) {
      Item item = std::move(queue_.front());
      queue_.pop_front();
      dirty_.erase(item);
      processing_.insert(item);
      return item;
    }
    if (due_.empty()) {
      ready_.wait(lock);
    } else {
      const auto next = due_.begin()->first;  // a copy: the entry may go meanwhile
      ready_.wait_until(lock, next);
    }
  }
  return std::nullopt;
}

template <class Item, class Hash>
void WorkQueue<Item, Hash>::done(const Item& item) {
  std::lock_guard lock(mutex_);
  processing_.erase(item);
  if (!dirty_.contains(item)) return;
  queue_.push_back(item);
  ready_.notify_one();
}

template <class Item, class Hash>
void WorkQueue<Item, Hash>::shutdown() {
  std::lock_guard lock(mutex_);
  shutdown_ = true;
  ready_.notify_all();
}

template <class Item, class Hash>
std::size_t WorkQueue<Item, Hash>::size() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

template <class Item, class Hash>
int WorkQueue<Item, Hash>::failures(const Item& item) const {
  std::lock_guard lock(mutex_);
  const auto it = failures_.find(item);
  return it == failures_.end() ? 0 : it->second;
}

}  // namespace bailiwick::kube
