#include "kube/backoff.hpp"

#include <algorithm>

namespace bailiwick::kube {

Backoff::Duration Backoff::next(double random) {
  constexpr int enough = 30;  // doublings after which any minimum has reached any maximum
  const auto full = std::min<std::chrono::duration<double, std::milli>>(
      max_, min_ * static_cast<double>(1 << std::min(attempts_, enough)));
  attempts_ = std::min(attempts_ + 1, enough);
  return std::chrono::duration_cast<Duration>(full * (0.5 + 0.5 * random));
}

}  // namespace bailiwick::kube
