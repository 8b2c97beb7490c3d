#pragma once
// Bounded exponential backoff with jitter. Pure: randomness is a parameter.

#include <chrono>

namespace bailiwick::kube {

class Backoff {
 public:
  using Duration = std::chrono::milliseconds;

  Backoff(Duration min, Duration max) : min_(min), max_(max) {}

  // The next wait, between half of and the whole of min * 2^n, at most max. `random` is in [0, 1).
  Duration next(double random);
  void reset() { attempts_ = 0; }
  int attempts() const { return attempts_; }

 private:
  Duration min_;
  Duration max_;
  int attempts_ = 0;
};

}  // namespace bailiwick::kube
