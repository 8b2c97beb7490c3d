#include "reconcile/operator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "reconcile/region_in_memory.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;

// A region for an operator that turns by itself.
struct Ground : RegionInMemory {
  Ground() {
    api.put("/api/v1/namespaces/kube-system", {{"metadata", {{"name", "kube-system"}}}});
    h200("n1");
    h200Deployment();
  }
};

template <class Check>
bool eventually(const Check& check) {
  for (int i = 0; i < 1000 && !check(); ++i) std::this_thread::sleep_for(10ms);
  return check();
}

TEST(Operator, GoesOnWithTheOthersWhenOneDeploymentThrows) {
  Ground region;
  region.h200("n2");
  region.h200Deployment("other");
  std::atomic<int> thrown = 0;
  region.api.answer = [&](const kube::Request& request) -> std::optional<kube::Response> {
    if (request.path != deploymentsPath + "assistant-h200") return std::nullopt;
    ++thrown;
    throw std::runtime_error("out of luck");
  };
  reconcile::OperatorConfig config;
  config.region = "fra";
  config.catalog = &testCatalog();
  config.workers = 1;
  reconcile::Operator running(std::move(config), region.api);
  ASSERT_TRUE(running.start({}));
  EXPECT_TRUE(eventually([&] { return thrown > 0 && region.serves("other"); }));
  region.h200("n3");
  region.h200Deployment("later");
  EXPECT_TRUE(eventually([&] { return region.serves("later"); })) << "its only worker lives on";
  running.stop();
}

TEST(Operator, NamesWhatAHangingWorkerIsAt) {
  Ground region;
  std::promise<void> entered, released;
  std::atomic<bool> first = true;
  region.api.answer = [&, wait = released.get_future().share()](const kube::Request& request)
      -> std::optional<kube::Response> {
    if (request.path != deploymentsPath + "assistant-h200" || !first.exchange(false)) {
      return std::nullopt;
    }
    entered.set_value();
    wait.wait();
    return std::nullopt;
  };
  reconcile::OperatorConfig config;
  config.region = "fra";
  config.catalog = &testCatalog();
  reconcile::Operator running(std::move(config), region.api);
  const auto later = [](auto time) { return reconcile::Progress::Clock::now() + time; };
  EXPECT_EQ(running.notLive(later(1h)), "") << "what has not begun does not hang";
  ASSERT_TRUE(running.start({}));
  entered.get_future().wait();
  EXPECT_EQ(running.notLive(), "");
  EXPECT_THAT(running.notLive(later(14min)), Not(HasSubstr("worker")));
  EXPECT_THAT(running.notLive(later(16min)),
              HasSubstr("a worker hangs: reconciling team/assistant for 96"));
  EXPECT_THAT(running.notLive(later(16min)), HasSubstr("the planner hangs: "))
      << "nor has it moved for so long";
  released.set_value();
  running.stop();
  EXPECT_EQ(running.notLive(later(1h)), "");
}

}  // namespace
}  // namespace bailiwick::testing
