#pragma once
// Bounded exponential backoff with jitter. Pure: randomness is a parameter.

#include <chrono>

namespace bailiwick::kube {

// Between half of and the whole of min * 2^failures, at most max. `random` is in [0, 1).
std::chrono::milliseconds backoffAfter(int failures, std::chrono::milliseconds min,
                                       std::chrono::milliseconds max, double random);

class Backoff {
 public:
  using Duration = std::chrono::milliseconds;

  Backoff(Duration min, Duration max) : min_(min), max_(max) {}

  // The wait after one more failure.
  Duration next(double random);
  void reset() { attempts_ = 0; }
  int attempts() const { return attempts_; }

 private:
  Duration min_;
  Duration max_;
  int attempts_ = 0;
};

}  // namespace bailiwick::kube
