#include "reconcile/own_writes.hpp"

#include "log/log.hpp"

#include <algorithm>

namespace bailiwick::reconcile {
namespace {

constexpr std::chrono::milliseconds firstDelay{25}, longestDelay{1000};

}  // namespace

OwnWrites::OwnWrites(std::function<void(const api::Key&)> seen,
                     std::function<Clock::time_point()> now)
    : seen_(std::move(seen)), now_(std::move(now)) {}

void OwnWrites::wrote(const api::Key& key) {
  const std::lock_guard lock(mutex_);
  waiting_.try_emplace(key, Waiting{now_(), 0});
}

std::optional<kube::Outcome> OwnWrites::wait(const api::Key& key, Clock::time_point gathered) {
  const std::lock_guard lock(mutex_);
  if (const auto waiting = waiting_.find(key); waiting != waiting_.end()) {
    if (!expectations_.satisfied(key)) {
      auto& [since, polls] = waiting->second;
      if (now_() - since < patience) {
        const auto delay = firstDelay * (1 << std::min(polls++, 16));
        return kube::RequeueAfter{std::min(delay, longestDelay)};
      }
      log::warn("the caches do not show our own writes, going on without",
                {{"deployment", key.str()}, {"waited_s", patience.count()}});
      expectations_.forget(key);
    }
    waiting_.erase(waiting);
    notBefore_[key] = now_();
    seen_(key);
    return kube::Done{};
  }
  const auto minimum = notBefore_.find(key);
  if (minimum == notBefore_.end()) return std::nullopt;
  if (gathered < minimum->second) return kube::Done{};
  notBefore_.erase(minimum);
  return std::nullopt;
}

void OwnWrites::forget(const api::Key& key) {
  expectations_.forget(key);
  const std::lock_guard lock(mutex_);
  waiting_.erase(key);
  notBefore_.erase(key);
}

}  // namespace bailiwick::reconcile
