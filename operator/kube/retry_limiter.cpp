#include "kube/retry_limiter.hpp"

#include <algorithm>

namespace bailiwick::kube {

std::chrono::nanoseconds TokenBucket::take(Time now) {
  if (last_ != Time{}) {
    const double passed = std::chrono::duration<double>(now - last_).count();
    tokens_ = std::min(burst_, tokens_ + passed * perSecond_);
  }
  last_ = now;
  tokens_ -= 1;
  if (tokens_ >= 0) return std::chrono::nanoseconds{0};
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(-tokens_ / perSecond_));
}

std::chrono::milliseconds itemBackoff(const RetryLimits& limits, int failures) {
  constexpr int enough = 40;
  auto delay = limits.itemMin;
  for (int i = 0; i < std::min(failures, enough) && delay < limits.itemMax; ++i) delay *= 2;
  return std::min(delay, limits.itemMax);
}

}  // namespace bailiwick::kube
