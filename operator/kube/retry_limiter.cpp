#include "kube/retry_limiter.hpp"

#include <algorithm>

namespace bailiwick::kube {

void TokenBucket::refill(Time now) {
  if (last_ != Time{}) {
    const double passed = std::chrono::duration<double>(now - last_).count();
    tokens_ = std::min(burst_, tokens_ + passed * perSecond_);
  }
  last_ = now;
}

bool TokenBucket::tryTake(Time now) {
  refill(now);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

std::chrono::nanoseconds TokenBucket::take(Time now) {
  refill(now);
  tokens_ -= 1;
  if (tokens_ >= 0) return std::chrono::nanoseconds{0};
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(-tokens_ / perSecond_));
}

}  // namespace bailiwick::kube
