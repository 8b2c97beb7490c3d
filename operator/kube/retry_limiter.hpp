#pragma once
// How long a retry waits: the longer of a per-item exponential backoff and an overall token bucket.
// Pure: time is a parameter.

#include <chrono>

namespace bailiwick::kube {

struct RetryLimits {
  std::chrono::milliseconds itemMin{5};
  std::chrono::milliseconds itemMax{1'000'000};
  // Of what the server refuses for good: somebody else has to act, who does not tell us.
  std::chrono::milliseconds refusedMin{5'000};
  std::chrono::milliseconds refusedMax{30'000};
  double perSecond = 10;
  double burst = 100;
};

class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  TokenBucket(double perSecond, double burst)
      : perSecond_(perSecond), burst_(burst), tokens_(burst) {}
  // Takes a token, now or in advance: how long until it exists.
  std::chrono::nanoseconds take(Time now);
  // Takes a token if there is one; takes nothing otherwise.
  bool tryTake(Time now);

 private:
  void refill(Time now);

  double perSecond_;
  double burst_;
  double tokens_;
  Time last_{};
};

}  // namespace bailiwick::kube
