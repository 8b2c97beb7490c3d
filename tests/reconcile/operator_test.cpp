#include "reconcile/operator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "reconcile/region_in_memory.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::HasSubstr;

TEST(Operator, NamesWhatAHangingWorkerIsAt) {
  RegionInMemory region;
  region.api.put("/api/v1/namespaces/kube-system", {{"metadata", {{"name", "kube-system"}}}});
  region.h200("n1");
  region.h200Deployment();
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
