// simulate [--schedules N] [--seed FIRST] [--replay SEED]: random schedules of faults against the pure
// code of the fleet. Prints each failing seed with its story; exits 1 if there was one.
#include <fmt/core.h>

#include <cstdlib>
#include <string_view>

#include "sim/schedule.hpp"

namespace {

void report(std::uint64_t seed) {
  const auto outcome = bailiwick::sim::runSchedule(seed, bailiwick::sim::Bug::None, true);
  fmt::print("seed {}: {} violations; again: simulate --replay {}\n{}", seed,
             outcome.violations.size(), seed, outcome.story);
  for (const auto& violation : outcome.violations) fmt::print("  {}\n", violation);
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seed = 1, schedules = 100000;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    const auto value = std::strtoull(argv[i + 1], nullptr, 10);
    if (flag == "--schedules") schedules = value;
    if (flag == "--seed") seed = value;
    if (flag == "--replay") {
      report(value);
      return 0;
    }
  }
  int failures = 0;
  for (auto s = seed; s < seed + schedules && failures < 5; ++s) {
    if (bailiwick::sim::runSchedule(s).violations.empty()) continue;
    ++failures;
    report(s);
  }
  fmt::print("{} schedules from seed {}, {} failed\n", schedules, seed, failures);
  return failures == 0 ? 0 : 1;
}
