#include "api/meta.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <map>

namespace bailiwick::api {
namespace {

TEST(Labels, AreSortedAndUniqueWithTheLastOfEqualKeys) {
  const Labels labels{{"b", "1"}, {"a", "2"}, {"b", "3"}};
  ASSERT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels.begin()->first, "a");
  EXPECT_EQ(*labels.find("b"), "3");
}

TEST(Labels, TellAnEmptyValueFromAnAbsentKey) {
  const Labels labels{{"a", ""}};
  ASSERT_NE(labels.find("a"), nullptr);
  EXPECT_TRUE(labels.has("a", ""));
  EXPECT_EQ(labels.find("b"), nullptr);
  EXPECT_FALSE(labels.has("b", ""));
}

TEST(Labels, ContainAllOfASelector) {
  const Labels labels{{"a", "1"}, {"b", "2"}};
  EXPECT_TRUE(labels.containsAll({}));
  EXPECT_TRUE(labels.containsAll({{"a", "1"}}));
  EXPECT_FALSE(labels.containsAll({{"a", "2"}}));
  EXPECT_FALSE(labels.containsAll({{"a", "1"}, {"c", "3"}}));
}

TEST(Labels, BehaveAsAMap) {
  rc::check("set and erase", [](const std::vector<std::pair<std::uint8_t, bool>>& steps) {
    Labels labels;
    std::map<std::string, std::string> model;
    for (const auto& [number, set] : steps) {
      const std::string key = std::to_string(number % 16), value = std::to_string(number);
      if (set) {
        labels.set(key, value);
        model[key] = value;
      } else {
        labels.erase(key);
        model.erase(key);
      }
    }
    const std::vector<Labels::Entry> expected(model.begin(), model.end());
    RC_ASSERT(labels == Labels(expected));
    RC_ASSERT(std::equal(labels.begin(), labels.end(), expected.begin(), expected.end()));
  });
}

TEST(Conditions, AreFoundByType) {
  std::vector<Condition> conditions(2);
  conditions[0].type = "Ready";
  conditions[1].type = "Placed";
  conditions[1].status = "True";
  ASSERT_NE(findCondition(conditions, "Placed"), nullptr);
  EXPECT_EQ(findCondition(conditions, "Placed")->status, "True");
  EXPECT_EQ(findCondition(conditions, "Stalled"), nullptr);
}

}  // namespace
}  // namespace bailiwick::api
