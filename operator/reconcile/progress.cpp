#include "reconcile/progress.hpp"

#include <fmt/format.h>

namespace bailiwick::reconcile {

void Progress::begin(std::string what, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  begun_.emplace(std::move(what), now);
}

void Progress::rest() {
  const std::lock_guard lock(mutex_);
  begun_.reset();
}

std::string Progress::stuck(std::chrono::seconds patience, Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  if (!begun_ || now - begun_->second <= patience) return {};
  const auto taken = std::chrono::duration_cast<std::chrono::seconds>(now - begun_->second);
  return fmt::format("{} for {} s", begun_->first, taken.count());
}

}  // namespace bailiwick::reconcile
