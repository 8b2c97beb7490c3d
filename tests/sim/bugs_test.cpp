// A simulator that finds nothing proves nothing: each of these defects has to be found.

#include <gtest/gtest.h>

#include "sim/schedule.hpp"

namespace bailiwick::sim {
namespace {

struct Seeded {
  Bug bug;
  const char* name;
  std::uint64_t from;  // near one that is known to find it
};

class Bugs : public ::testing::TestWithParam<Seeded> {};

TEST_P(Bugs, AreFound) {
  // The shipped code passes the same schedules.
  const auto seed = firstFailure(GetParam().from, 300, GetParam().bug);
  ASSERT_GE(seed, 0) << "not found in 300 schedules";
  EXPECT_TRUE(runSchedule(static_cast<std::uint64_t>(seed)).violations.empty()) << seed;
}

INSTANTIATE_TEST_SUITE_P(
    Simulator, Bugs,
    ::testing::Values(Seeded{Bug::GivesUpWithoutReading, "GivesUpWithoutReading", 950},
                      Seeded{Bug::ReadsTheCacheInsteadOfAfresh, "ReadsTheCacheInsteadOfAfresh", 1000},
                      Seeded{Bug::CountsWhatCannotBeRead, "CountsWhatCannotBeRead", 4400},
                      Seeded{Bug::RemovesBeforePublishing, "RemovesBeforePublishing", 1},
                      Seeded{Bug::ForgetsThePromiseOnRestart, "ForgetsThePromiseOnRestart", 500},
                      Seeded{Bug::SleepsAndTakesItForSilence, "SleepsAndTakesItForSilence", 900},
                      Seeded{Bug::RefusalIsLoss, "RefusalIsLoss", 1},
                      Seeded{Bug::SuspicionIsLoss, "SuspicionIsLoss", 1},
                      Seeded{Bug::FailsBackAtOnce, "FailsBackAtOnce", 1},
                      Seeded{Bug::ExpandsWhenIsolated, "ExpandsWhenIsolated", 1},
                      Seeded{Bug::TiesBreakDifferently, "TiesBreakDifferently", 1},
                      Seeded{Bug::AllocatesWithoutWaiting, "AllocatesWithoutWaiting", 1},
                      Seeded{Bug::DrainsWithoutReplacement, "DrainsWithoutReplacement", 1},
                      Seeded{Bug::LeavesTheDomain, "LeavesTheDomain", 1},
                      Seeded{Bug::DropsWhatTheLawForbids, "DropsWhatTheLawForbids", 1},
                      Seeded{Bug::WritesWithoutCause, "WritesWithoutCause", 1},
                      Seeded{Bug::CountsOnStrangers, "CountsOnStrangers", 25200},
                      Seeded{Bug::OneClockForAll, "OneClockForAll", 1}),
    [](const auto& seeded) { return seeded.param.name; });

}  // namespace
}  // namespace bailiwick::sim
