// A simulator that finds nothing proves nothing: each of these defects has to be found.

#include <gtest/gtest.h>

#include "sim/schedule.hpp"

namespace bailiwick::sim {
namespace {

class Bugs : public ::testing::TestWithParam<SeededBug> {};

TEST_P(Bugs, AreFound) {
  // The shipped code passes the same schedules.
  const auto seed = firstFailure(GetParam().from, 300, GetParam().bug);
  ASSERT_GE(seed, 0) << "not found in 300 schedules: " << GetParam().what;
  EXPECT_TRUE(runSchedule(static_cast<std::uint64_t>(seed)).violations.empty()) << seed;
}

INSTANTIATE_TEST_SUITE_P(Simulator, Bugs, ::testing::ValuesIn(seededBugs().begin(), seededBugs().end()),
                         [](const auto& seeded) { return seeded.param.name; });

}  // namespace
}  // namespace bailiwick::sim
