#include "route/shadow.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

using namespace std::chrono_literals;

TEST(Shadow, TakesItsShareOfWhatChangesNothing) {
  Random random(1);
  int taken = 0;
  for (int i = 0; i < 10'000; ++i) taken += sampled(5, Operation::Chat, random) ? 1 : 0;
  EXPECT_NEAR(taken, 500, 80);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(sampled(0, Operation::Chat, random));
    EXPECT_TRUE(sampled(100, Operation::Embeddings, random));
    EXPECT_FALSE(sampled(100, Operation::Responses, random));
    EXPECT_FALSE(sampled(100, Operation::Configured, random));
    EXPECT_FALSE(sampled(100, Operation::Models, random));
  }
}

TEST(Shadow, CountsDifferencesThatMatter) {
  const Observed original{200, 400ms, 1000};
  const struct {
    Observed copy;
    bool status, latency, length;
  } cases[] = {
      {{200, 400ms, 1000}, false, false, false}, {{204, 800ms, 500}, false, false, false},
      {{503, 400ms, 1000}, true, false, false},  {{0, 400ms, 1000}, true, false, false},
      {{200, 801ms, 1000}, false, true, false},  {{200, 400ms, 499}, false, false, true},
      {{200, 400ms, 2001}, false, false, true},
  };
  for (const auto& c : cases) {
    const Difference d = compare(original, c.copy);
    EXPECT_EQ(d.status, c.status);
    EXPECT_EQ(d.latency, c.latency);
    EXPECT_EQ(d.length, c.length);
  }
  EXPECT_FALSE(compare({200, 10ms, 0}, {200, 100ms, 0}).latency) << "nobody notices 90 ms";
}

}  // namespace
}  // namespace bailiwick::sidecar
