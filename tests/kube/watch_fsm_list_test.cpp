#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/support/watch_machine.hpp"

namespace bailiwick::kube::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The server does not know WatchList.
struct Listing : Machine {
  explicit Listing(WatchConfig config = {}) : Machine(config) {
    answer(422, status(422, "Invalid", "sendInitialEvents is forbidden"));
    told.take();
  }
};

TEST(WatchFsm, ListsInPagesWhereInitialEventsAreNotKnown) {
  Listing m;
  ASSERT_TRUE(m.lists());
  EXPECT_THAT(m.target(), HasSubstr("limit=500"));
  m.page(200, listOf(10, {object("a", 5)}, "next"));
  EXPECT_THAT(m.target(), HasSubstr("continue=next"));
  m.page(200, listOf(10, {object("b", 6)}));
  EXPECT_THAT(m.told.take(), ElementsAre("begin", "+a@5", "+b@6", "set@10"));
  ASSERT_TRUE(m.streams());
  EXPECT_THAT(m.target(), HasSubstr("resourceVersion=10"));
}

TEST(WatchFsm, TakesAListWhoseItemsAreNullAsEmpty) {
  Listing m;
  m.page(200, R"({"kind":"PodList","metadata":{"resourceVersion":"3"},"items":null})");
  EXPECT_THAT(m.told.take(), ElementsAre("begin", "set@3"));
}

struct PageRow {
  const char* name;
  int status;
  const char* type;
  std::string body;
};
class FailingPage : public testing::TestWithParam<PageRow> {};

TEST_P(FailingPage, DiscardsTheWholeListAndBeginsAnew) {
  Listing m;
  m.page(200, listOf(10, {object("a", 5)}, "next"));
  m.page(GetParam().status, GetParam().body, GetParam().type);
  EXPECT_THAT(m.told.take(), ElementsAre("begin", "+a@5", "discard"));
  EXPECT_FALSE(m.fsm.synced());
  EXPECT_GT(m.wait(), 0ms);
  m.fire();
  EXPECT_TRUE(m.lists());
  EXPECT_THAT(m.target(), Not(HasSubstr("continue")));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, FailingPage,
    testing::Values(PageRow{"ContinueExpired", 410, "application/json", status(410, "Expired")},
                    PageRow{"ServerError", 500, "application/json", status(500, "InternalError")},
                    PageRow{"Unavailable", 503, "text/plain", "unavailable"},
                    PageRow{"GatewayTimeout", 504, "text/html", "<html>"},
                    PageRow{"HtmlWith200", 200, "text/html", "<html>"},
                    PageRow{"TruncatedJson", 200, "application/json",
                            listOf(10, {object("b", 6)}).substr(0, 90)},
                    PageRow{"NotAList", 200, "application/json", object("b", 6)},
                    PageRow{"ItemWithoutName", 200, "application/json",
                            listOf(10, {"{\"metadata\":{}}"})}),
    [](const auto& row) { return row.param.name; });

TEST(WatchFsm, AsksForSmallerPagesWhenOneIsTooLarge) {
  Listing m;
  m.action = m.fsm.pageFailed({TransportError::Kind::TooLarge, "too large"}, m.now);
  m.fire();
  EXPECT_THAT(m.target(), HasSubstr("limit=50"));
}

}  // namespace
}  // namespace bailiwick::kube::test
