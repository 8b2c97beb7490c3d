#include "route/retry.hpp"

#include <algorithm>

namespace bailiwick::sidecar {
namespace {

constexpr std::int64_t requestsPerRetry = 5;

}  // namespace

bool mayRetry(Operation operation, const Attempt& attempt) {
  if (attempt.answerStarted || !attempt.copyComplete) return false;
  return !attempt.accepted || repeatable(operation);
}

RetryBudget::RetryBudget(const Limits& limits)
    : tokens_(limits.maxInFlight * requestsPerRetry), most_(tokens_) {}

void RetryBudget::request() {
  tokens_ = std::min(tokens_ + 1, most_);
}

bool RetryBudget::take() {
  if (tokens_ < requestsPerRetry) return false;
  tokens_ -= requestsPerRetry;
  return true;
}

CopyMemory::CopyMemory(const RetrySettings& settings)
    : perRequest_(settings.maxCopy), total_(settings.maxCopyTotal) {}

bool CopyMemory::grow(std::int64_t held, std::int64_t more) {
  if (more > perRequest_ - held) return false;
  if (used_.fetch_add(more) <= total_ - more) return true;
  used_ -= more;
  return false;
}

void CopyMemory::release(std::int64_t held) {
  used_ -= held;
}

}  // namespace bailiwick::sidecar
