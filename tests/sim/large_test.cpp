// Fleets that are large, briefly; `simulate --large` has the largest.

#include "sim/large.hpp"

#include <gmock/gmock.h>

namespace bailiwick::sim {
namespace {

using ::testing::IsEmpty;

TEST(LargeFleet, AHundredRegionsShareADeployment) {
  const auto large = loseAndRegain(largeFleet(100, 1, 150), 1);
  EXPECT_THAT(large.violations, IsEmpty());
  EXPECT_GE(large.taken, 1000) << "the lost region had a share";
}

TEST(LargeFleet, TenRegionsShareSixtyDeployments) {
  const auto large = loseAndRegain(largeFleet(10, 60, 10), 1);
  EXPECT_THAT(large.violations, IsEmpty());
  EXPECT_GE(large.taken, 60'000);
}

}  // namespace
}  // namespace bailiwick::sim
