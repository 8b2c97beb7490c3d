#include "reconcile/planner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>

#include "plan/fixture.hpp"
#include "reconcile/snapshot.hpp"

namespace bailiwick::reconcile {
namespace {

using namespace std::chrono_literals;

api::Time wallClock() {
  return std::chrono::time_point_cast<api::Time::duration>(std::chrono::system_clock::now());
}

TEST(Planner, KeepsADeadlineThatIsSetWhileItWaits) {
  Caches caches(testing::testCatalog());
  std::mutex mutex;
  std::condition_variable changed;
  int named = 0;
  Planner::Config config;
  config.caches = &caches;
  config.catalog = &testing::testCatalog();
  config.region = "fra";
  config.now = wallClock;
  config.changed = [&](const api::Key&) {
    const std::lock_guard lock(mutex);
    ++named;
    changed.notify_all();
  };
  config.quiet = 1ms;
  Planner planner(std::move(config));
  planner.start();
  std::this_thread::sleep_for(200ms);  // it waits for work
  planner.pokeAt({"team", "assistant"}, wallClock() + 100ms);
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, 10s, [&] { return named > 0; }));
  lock.unlock();
  planner.stop();
}

TEST(Planner, TellsThatItHangs) {
  Caches caches(testing::testCatalog());
  std::promise<void> entered, released;
  Planner::Config config;
  config.caches = &caches;
  config.catalog = &testing::testCatalog();
  config.region = "fra";
  config.now = wallClock;
  config.changed = [](const api::Key&) {};
  config.planned = [&, wait = released.get_future().share()] {
    entered.set_value();
    wait.wait();
  };
  Planner planner(std::move(config));
  const auto later = [](auto time) { return Progress::Clock::now() + time; };
  EXPECT_EQ(planner.stuck(later(1h)), "") << "it has not begun";
  planner.start();
  planner.poke();
  entered.get_future().wait();
  EXPECT_EQ(planner.stuck(later(4min)), "") << "a plan may take its time";
  EXPECT_THAT(planner.stuck(later(6min)), ::testing::StartsWith("planning for 3"));
  released.set_value();
  planner.stop();
  EXPECT_EQ(planner.stuck(later(1h)), "");
}

TEST(Snapshot, KnowsWorkloadsByTheDeploymentThatOwnsThem) {
  Snapshot snapshot;
  auto deployment = std::make_shared<api::ModelDeployment>(
      testing::assistant().variant(testing::h200()).obj());
  snapshot.deployments = {deployment};
  auto workload = std::make_shared<api::Workload>();
  workload->meta = testing::metaOf("Deployment", {"team", "assistant-h200"});
  workload->meta.labels = {{"bailiwick.dev/deployment", "assistant"},
                           {"bailiwick.dev/variant", "h200"}};
  snapshot.workloads = {workload};
  workload->meta.controllerUid = "of one that is gone";
  EXPECT_TRUE(worldOf(snapshot).workloads.empty());
  workload->meta.controllerUid = deployment->meta.uid;
  EXPECT_EQ(worldOf(snapshot).workloads.size(), 1u);
}

}  // namespace
}  // namespace bailiwick::reconcile
