#include "route/retry.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

TEST(Retry, IsForWhatIsRepeatableOrWasNeverAccepted) {
  const struct {
    Operation operation;
    Attempt attempt;
    bool may;
  } cases[] = {
      {Operation::Chat, {true, false, true}, true},
      {Operation::Completions, {true, false, true}, true},
      {Operation::Embeddings, {true, false, true}, true},
      {Operation::Responses, {true, false, true}, false},
      {Operation::Configured, {true, false, true}, false},
      {Operation::Responses, {false, false, true}, true},
      {Operation::Configured, {false, false, true}, true},
      {Operation::Chat, {true, true, true}, false},
      {Operation::Chat, {false, true, true}, false},
      {Operation::Chat, {true, false, false}, false},
      {Operation::Chat, {false, false, false}, false},
  };
  for (const auto& c : cases) EXPECT_EQ(mayRetry(c.operation, c.attempt), c.may);
}

TEST(RetryBudget, IsAFifthOfTheRequestsAfterItsReserve) {
  Limits limits;
  limits.maxInFlight = 3;
  RetryBudget budget(limits);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.take()) << "one for each place";
  EXPECT_FALSE(budget.take());
  for (int i = 0; i < 4; ++i) budget.request();
  EXPECT_FALSE(budget.take());
  budget.request();
  EXPECT_TRUE(budget.take());
  for (int i = 0; i < 1000; ++i) budget.request();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.take());
  EXPECT_FALSE(budget.take()) << "no more is saved up than the reserve";
}

TEST(CopyMemory, IsBoundedPerRequestAndInAll) {
  CopyMemory memory({100, 150});
  EXPECT_TRUE(memory.grow(0, 60));
  EXPECT_FALSE(memory.grow(60, 41));
  EXPECT_TRUE(memory.grow(60, 40));
  EXPECT_EQ(memory.used(), 100);
  EXPECT_FALSE(memory.grow(0, 51));
  EXPECT_EQ(memory.used(), 100) << "what is refused is not counted";
  EXPECT_TRUE(memory.grow(0, 50));
  memory.release(100);
  EXPECT_EQ(memory.used(), 50);
  CopyMemory off({0, 150});
  EXPECT_FALSE(off.grow(0, 1));
  EXPECT_TRUE(off.grow(0, 0));
}

}  // namespace
}  // namespace bailiwick::sidecar
