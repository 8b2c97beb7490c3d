#include "kube/backoff.hpp"

#include <algorithm>

namespace bailiwick::kube {
namespace {

constexpr int enough = 30;  // doublings after which any minimum has reached any maximum

}  // namespace

std::chrono::milliseconds backoffAfter(int failures, std::chrono::milliseconds min,
                                       std::chrono::milliseconds max, double random) {
  const auto full = std::min<std::chrono::duration<double, std::milli>>(
      max, min * static_cast<double>(1 << std::min(failures, enough)));
  return std::chrono::duration_cast<std::chrono::milliseconds>(full * (0.5 + 0.5 * random));
}

Backoff::Duration Backoff::next(double random) {
  const auto wait = backoffAfter(attempts_, min_, max_, random);
  attempts_ = std::min(attempts_ + 1, enough);
  return wait;
}

}  // namespace bailiwick::kube
