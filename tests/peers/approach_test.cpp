#include "peers/approach.hpp"

#include <gtest/gtest.h>

#include <array>

namespace bailiwick::peers {
namespace {

using namespace std::chrono_literals;

struct Places : testing::Test {
  Approach approach{2};
  std::array<int, 6> visitors{};
  kube::SteadyTime now{};

  bool enter(int who, std::chrono::milliseconds stay = 10s) {
    return approach.enter(&visitors[static_cast<std::size_t>(who)], now, stay);
  }
  void leave(int who) { approach.leave(&visitors[static_cast<std::size_t>(who)]); }
};

TEST_F(Places, AsManyAreInAsThereArePlaces) {
  EXPECT_TRUE(enter(0));
  EXPECT_TRUE(enter(1));
  EXPECT_FALSE(enter(2));
  EXPECT_TRUE(enter(1)) << "it has one";
  leave(0);
  EXPECT_TRUE(enter(2));
  EXPECT_FALSE(enter(0));
}

TEST_F(Places, WhoCameFirstIsFirst) {
  enter(0), enter(1), enter(2), enter(3);
  leave(0);
  EXPECT_FALSE(enter(4));
  EXPECT_FALSE(enter(3)) << "one place, and 2 came before it";
  EXPECT_TRUE(enter(2));
  leave(1);
  EXPECT_FALSE(enter(4));
  EXPECT_TRUE(enter(3));
}

TEST_F(Places, WhoLeftAndComesAgainIsLast) {
  enter(0), enter(1), enter(2);
  leave(0);
  EXPECT_FALSE(enter(0));
  EXPECT_TRUE(enter(2));
}

TEST_F(Places, WhoHangsHoldsUpNobodyForLongerThanItsTime) {
  enter(0, 150ms), enter(1, 150ms);
  now += 149ms;
  EXPECT_FALSE(enter(2));
  now += 1ms;
  EXPECT_TRUE(enter(2));
  EXPECT_TRUE(enter(3));
  EXPECT_FALSE(enter(0)) << "its time is over";
}

TEST_F(Places, WhoDoesNotAskAgainIsNotWaitedFor) {
  enter(0), enter(1), enter(2);
  now += 700ms;
  EXPECT_FALSE(enter(3));
  now += 700ms;
  leave(0);
  EXPECT_TRUE(enter(3));
}

TEST_F(Places, WhoGaveUpWaitingIsNotWaitedFor) {
  enter(0), enter(1), enter(2), enter(3);
  leave(2);
  leave(0);
  EXPECT_TRUE(enter(3));
}

}  // namespace
}  // namespace bailiwick::peers
