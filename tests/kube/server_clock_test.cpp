#include "kube/server_clock.hpp"

#include <gtest/gtest.h>

namespace bailiwick::kube {
namespace {

using namespace std::chrono_literals;

constexpr ServerClock::Time noon{std::chrono::seconds{1795428000}};

struct Dated final : Transport {
  std::optional<std::chrono::sys_seconds> date;

  tl::expected<Response, TransportError> send(const Request&, std::stop_token) override {
    return Response{{200, "application/json", std::nullopt, date}, "{}"};
  }
  tl::expected<void, TransportError> stream(const Request&, StreamSink&, std::chrono::milliseconds,
                                            std::stop_token) override {
    return {};
  }
};

struct ServerClockTest : ::testing::Test {
  ServerClock::Time wall = noon;
  Dated inner;
  ServerClock clock{inner, [this] { return wall; }};

  void answeredAt(ServerClock::Time server) {
    inner.date = std::chrono::floor<std::chrono::seconds>(server);
    ASSERT_TRUE(clock.send({}, {}));
  }
};

TEST_F(ServerClockTest, IsTheWallClockWhileTheServerSaysNothingElse) {
  EXPECT_EQ(clock.now(), noon);
  ASSERT_TRUE(clock.send({}, {}));
  EXPECT_EQ(clock.now(), noon) << "no date";
  answeredAt(noon - 60s);
  EXPECT_EQ(clock.now(), noon) << "within what dates can tell";
}

TEST_F(ServerClockTest, IsTheServersWhereTheyDiffer) {
  answeredAt(noon - 1h);
  wall += 1500ms;
  EXPECT_EQ(clock.now(), noon - 1h + 1500ms) << "ours is fast, and goes on";
  answeredAt(noon + 2h);
  EXPECT_EQ(clock.now(), noon + 2h) << "ours is slow";
  answeredAt(wall);
  EXPECT_EQ(clock.now(), wall) << "somebody has set it";
}

}  // namespace
}  // namespace bailiwick::kube
