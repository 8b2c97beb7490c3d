#include "kube/budget.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

namespace bailiwick::kube {
namespace {

TEST(Budget, KeepsNoMoreObjectsThanItMay) {
  Budget budget({2, 1000});
  EXPECT_TRUE(budget.keep("n", "a", 10));
  EXPECT_TRUE(budget.keep("n", "b", 10));
  EXPECT_FALSE(budget.keep("n", "c", 10));
  EXPECT_TRUE(budget.keep("n", "a", 20)) << "one that is known may change";
  budget.drop("n", "b");
  EXPECT_TRUE(budget.keep("n", "c", 10));
  EXPECT_EQ(budget.bytes(), 30u);
}

TEST(Budget, KeepsNoMoreBytesThanItMay) {
  Budget budget({100, 100});
  EXPECT_TRUE(budget.keep("n", "a", 60));
  EXPECT_FALSE(budget.keep("n", "b", 50));
  EXPECT_FALSE(budget.keep("n", "a", 101)) << "it stays as it was";
  EXPECT_EQ(budget.bytes(), 60u);
  EXPECT_TRUE(budget.keep("n", "a", 90));
}

TEST(Budget, CountsANewFullSetBesideThePresentOne) {
  Budget budget({1, 100});
  EXPECT_TRUE(budget.keep("n", "old", 60));
  budget.begun();
  EXPECT_TRUE(budget.keep("n", "new", 60));
  EXPECT_FALSE(budget.keep("n", "newer", 10));
  budget.complete();
  EXPECT_EQ(budget.objects(), 1u);
  EXPECT_FALSE(budget.keep("n", "old", 10));
  budget.begun();
  EXPECT_TRUE(budget.keep("n", "lost", 1));
  budget.discarded();
  EXPECT_EQ(budget.bytes(), 60u);
}

TEST(Budget, CountsWhatIsMadeOfAnObjectAndNotItsTextAlone) {
  simdjson::dom::parser parser;
  const auto weigh = [&](const std::string& json) {
    return weightOf(parser.parse(json).value());
  };
  const std::string text(3000, 'x');
  std::string maps = "{}";
  for (int i = 1; i < 1000; ++i) maps += ",{}";
  EXPECT_LT(weigh(R"({"a":")" + text + R"("})"), 4000u);
  EXPECT_GT(weigh(R"({"a":[)" + maps + "]}"), 250'000u) << "of 3,000 characters too";
  EXPECT_LT(weigh(R"({"managedFields":[)" + maps + "]}"), 4000u) << "nothing is made of those";
}

}  // namespace
}  // namespace bailiwick::kube
