#include "plan/transition.hpp"

#include <gtest/gtest.h>

#include "api/labels.hpp"
#include "plan/fixture.hpp"

namespace bailiwick::testing {
namespace {

using api::names::unlawfulSince;

// Two nodes for each group; group 0 runs on n1 and n2.
struct Groups {
  Cluster c;
  api::Pod* zero = nullptr;
  Groups() {
    c.leaderWorkerSets = true;
    for (const char* name : {"n1", "n2", "n3", "n4"}) c.add(h200Node(name));
    c.add(assistant().variant(h200().nodes(2)));
    zero = &c.runGroup("h200", 0, {"n1", "n2"});
    c.workload("h200", 1).groups = true;
  }
  plan::Plan plan;
  plan::Step step() {
    plan = c.plan();
    return c.step(plan);
  }
};

TEST(Transition, RestartsTheLeaderOfAGroupThatMustMove) {
  Groups g;
  g.c.node("n2").meta.labels.erase("data-residency.bailiwick.dev/eu-personal");
  EXPECT_EQ(g.step().replicas.at("h200"), 2) << "one unlawful worker suffices";
  g.c.runGroup("h200", 1, {"n3", "n4"});
  g.c.workload("h200", 2);
  auto step = g.step();
  EXPECT_EQ(step.replicas.at("h200"), 2) << "the highest index would go instead";
  ASSERT_EQ(step.restarts.size(), 1u);
  EXPECT_EQ(step.restarts.front().pod, g.zero);
  for (auto& pod : g.c.pods) {
    if (pod.node == "n1" || pod.node == "n2") pod.meta.deleted = g.c.now;
  }
  step = g.step();
  EXPECT_TRUE(step.restarts.empty());
  EXPECT_EQ(step.replicas.at("h200"), 2) << "one less would take the group that serves";
}

TEST(Transition, RestartsAnUnlawfulGroupAtTheDeadlineWhateverElseIsGoing) {
  Groups g;
  g.c.runGroup("h200", 1, {"n3", "n4"}).meta.deleted = g.c.now - 1h;
  g.c.workload("h200", 2);
  g.c.node("n2").meta.labels.erase("data-residency.bailiwick.dev/eu-personal");
  g.zero->meta.annotations.set(unlawfulSince, api::formatTime(g.c.now - 9min));
  EXPECT_TRUE(g.step().restarts.empty()) << "one at a time";
  g.c.now += 1min;
  const auto step = g.step();
  const bool goes = !step.restarts.empty() || step.replicas.at("h200") == 0;
  EXPECT_TRUE(goes);
}

// The spec asks for groups; a Deployment of the variant, of an older spec or version, runs on n1.
struct BothKinds {
  Cluster c;
  api::Pod* pod = nullptr;
  api::Pod* leader = nullptr;
  BothKinds() {
    c.leaderWorkerSets = true;
    for (const char* name : {"n1", "n2", "n3"}) c.add(h200Node(name));
    c.add(assistant().variant(h200().nodes(2)));
    pod = &c.run("h200", "n1");
    c.workload(deployment, 1);
  }
  static constexpr char deployment[] = "h200/other-kind";
  plan::Plan plan;
  plan::Step step() {
    plan = c.plan();
    return c.step(plan);
  }
};

TEST(Transition, ReplacesWhatRunsInTheOtherKindOfWorkloadFirst) {
  BothKinds b;
  auto step = b.step();
  EXPECT_EQ(step.replicas, (std::map<std::string, int>{{"h200", 1}, {b.deployment, 1}}));
  auto& leader = b.c.runGroup("h200", 0, {"n2", "n3"});
  b.c.workload("h200", 1).groups = true;
  leader.ready = false;
  EXPECT_TRUE(b.step().marks.empty()) << "its replacement is not Ready";
  leader.ready = true;
  step = b.step();
  ASSERT_EQ(step.marks.size(), 1u);
  EXPECT_EQ(step.marks.front().pod, b.pod);
  markFor(*b.pod);
  step = b.step();
  EXPECT_EQ(step.replicas, (std::map<std::string, int>{{"h200", 1}, {b.deployment, 0}}));
  EXPECT_TRUE(step.finished.empty());
}

TEST(Transition, RemovesTheOtherKindOfWorkloadWhenNothingRunsInIt) {
  BothKinds b;
  b.c.pods.clear();
  b.c.runGroup("h200", 0, {"n2", "n3"});
  b.c.workload("h200", 1).groups = true;
  const auto step = b.step();
  EXPECT_EQ(step.finished, std::vector<std::string>{b.deployment});
  EXPECT_EQ(step.replicas, (std::map<std::string, int>{{"h200", 1}}));
  EXPECT_EQ(step.serving, std::set<std::string>{"h200"});
}

TEST(Transition, LowersToDropTheHighestGroup) {
  Groups g;
  g.c.runGroup("h200", 1, {"n3", "n4"});
  g.c.workload("h200", 2);
  const auto step = g.step();
  EXPECT_EQ(step.replicas.at("h200"), 1);
  EXPECT_TRUE(step.restarts.empty());
}

TEST(Transition, KeepsTheHighestGroupUntilTheRestartedOneIsReady) {
  Groups g;
  g.c.runGroup("h200", 1, {"n3", "n4"});
  g.c.workload("h200", 2);
  g.zero->ready = false;
  EXPECT_EQ(g.step().replicas.at("h200"), 2);
}

}  // namespace
}  // namespace bailiwick::testing
