#include "fleet/word.hpp"

#include <gtest/gtest.h>

namespace bailiwick::fleet {
namespace {

api::ModelDeployment deployment() {
  api::ModelDeployment m;
  m.meta.uid = "u1";
  m.meta.generation = 1;
  m.meta.resourceVersion = "1";
  m.status.regions.resize(2);
  m.status.regions[0].name = "zrh";
  m.status.regions[0].self = true;
  m.status.regions[1].name = "iad";
  return m;
}

template <class Change>
bool same(const Change& change) {
  auto after = deployment();
  change(after);
  return saysTheSame(deployment(), after, "zrh");
}

TEST(Word, IsTheSameWhateverIsRelayedOrConcluded) {
  EXPECT_TRUE(same([](auto& m) {
    m.meta.resourceVersion = "2";
    m.status.regions[1].health = "Suspect";
    m.status.conditions.push_back({"Ready", "False", 1, {}, "Scaling", ""});
  }));
}

TEST(Word, IsAnotherOneWhenTheRegionOrTheObjectIs) {
  EXPECT_FALSE(same([](auto& m) { m.status.regions[0].share.push_back({"h200", 1}); }));
  EXPECT_FALSE(same([](auto& m) { m.status.regions.clear(); }));
  EXPECT_FALSE(same([](auto& m) { m.meta.uid = "u2"; }));
  EXPECT_FALSE(same([](auto& m) { m.meta.generation = 2; }));
  EXPECT_FALSE(same([](auto& m) { m.meta.deleted = api::Time{}; }));
  EXPECT_FALSE(same([](auto& m) { m.meta.labels.set("a", "b"); }));
  EXPECT_FALSE(same([](auto& m) { m.meta.annotations.set("a", "b"); }));
}

}  // namespace
}  // namespace bailiwick::fleet
