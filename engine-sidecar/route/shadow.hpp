#pragma once
// Which requests are copied to a baseline, and what the two answers are compared by.

#include <cstdint>

#include "api/time.hpp"
#include "route/paths.hpp"
#include "route/random.hpp"

namespace bailiwick::sidecar {

// Repeatable requests only: a copy must change nothing.
bool sampled(int percent, Operation operation, Random& random);

struct Observed {
  int status = 0;  // 0: no answer
  api::Duration took{};
  std::int64_t bytes = 0;  // of the answer's body
};

struct Difference {
  bool status = false;   // another class of status: 2xx, 4xx, 5xx or none
  bool latency = false;  // the copy took more than twice as long, and 100 ms more
  bool length = false;   // its answer is under half or over twice as long
};
Difference compare(const Observed& original, const Observed& copy);

}  // namespace bailiwick::sidecar
