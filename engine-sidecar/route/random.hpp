#pragma once
// Random numbers from a seed (SplitMix64): the same seed gives the same choices.

#include <cstdint>

namespace bailiwick::sidecar {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  double unit();                       // [0, 1)
  std::int64_t below(std::int64_t n);  // [0, n), n > 0

 private:
  std::uint64_t state_;
};

}  // namespace bailiwick::sidecar
