#include "peers/heartbeat_fsm.hpp"

#include <gtest/gtest.h>

namespace bailiwick::peers {
namespace {

using namespace std::chrono_literals;
using Fsm = HeartbeatFsm;
using Role = Fsm::Role;

kube::Lease leaseOf(const std::string& holder, const std::string& renewed) {
  kube::Lease lease;
  lease.resourceVersion = renewed;
  lease.holder = holder;
  lease.renewTime = renewed;
  lease.acquireTime = "then";
  return lease;
}

struct Heartbeats : testing::Test {
  Fsm::Time now = Fsm::Time() + 100s;
  Fsm fsm{HeartbeatConfig{"fra", "me"}};

  // A turn of a standby that finds the Lease so: whether it wants to write.
  bool standbyWrites(const kube::Lease& lease) {
    fsm.attempt(Role::StandBy, now);
    return !std::holds_alternative<Fsm::Wait>(fsm.got(lease, now));
  }
};

TEST_F(Heartbeats, TheLeaderMakesTheLeaseAndRenewsItEveryHalfSecond) {
  ASSERT_TRUE(std::holds_alternative<Fsm::Get>(fsm.attempt(Role::Leader, now)));
  ASSERT_TRUE(std::holds_alternative<Fsm::Create>(fsm.notFound(now)));
  const auto wait = fsm.written(leaseOf("me", "1"), now + 100ms);
  ASSERT_TRUE(std::holds_alternative<Fsm::Wait>(wait));
  EXPECT_EQ(std::get<Fsm::Wait>(wait).duration, 400ms);
  const auto renewal = fsm.attempt(Role::Leader, now + 500ms);
  ASSERT_TRUE(std::holds_alternative<Fsm::Update>(renewal));
  EXPECT_EQ(std::get<Fsm::Update>(renewal).lease.resourceVersion, "1");
}

TEST_F(Heartbeats, TheLeaderTakesItFromWhoeverHasIt) {
  fsm.attempt(Role::Leader, now);
  const auto claim = fsm.got(leaseOf("other", "5"), now);
  ASSERT_TRUE(std::holds_alternative<Fsm::Update>(claim));
  EXPECT_EQ(std::get<Fsm::Update>(claim).lease.holder, "me");
  EXPECT_EQ(std::get<Fsm::Update>(claim).lease.transitions, 1);
}

TEST_F(Heartbeats, AStandbyLeavesALeaseAloneThatIsRenewed) {
  for (int i = 0; i < 20; ++i, now += 500ms) {
    EXPECT_FALSE(standbyWrites(leaseOf("leader", std::to_string(i))));
  }
}

TEST_F(Heartbeats, AStandbyTakesOverWithinThreeSecondsOfSilence) {
  standbyWrites(leaseOf("leader", "1"));
  const auto silentSince = now;
  while (!standbyWrites(leaseOf("leader", "1"))) {
    now += 500ms;
    ASSERT_LT(now - silentSince, 3s);
  }
  EXPECT_GE(now - silentSince, 2s);
}

TEST_F(Heartbeats, AStandbyGivesWayWhenTheLeaderRenewsAgain) {
  standbyWrites(leaseOf("leader", "1"));
  now += 5s;
  ASSERT_TRUE(standbyWrites(leaseOf("leader", "1")));
  fsm.written(leaseOf("me", "2"), now);
  ASSERT_TRUE(std::holds_alternative<Fsm::Update>(fsm.attempt(Role::StandBy, now)));
  fsm.failed(false);  // a conflict: somebody else wrote
  EXPECT_FALSE(standbyWrites(leaseOf("leader", "3")));
}

TEST_F(Heartbeats, WhoDoesNotServeWritesNothing) {
  fsm.attempt(Role::Leader, now);
  fsm.got(leaseOf("me", "1"), now);
  fsm.written(leaseOf("me", "2"), now);
  EXPECT_TRUE(std::holds_alternative<Fsm::Wait>(fsm.attempt(Role::Unfit, now + 500ms)));
}

TEST_F(Heartbeats, WithoutTheNamespaceOrTheRightItIsNotTriedTwiceASecond) {
  fsm.attempt(Role::Leader, now);
  fsm.notFound(now);
  const auto wait = fsm.failed(true);
  EXPECT_GE(std::get<Fsm::Wait>(wait).duration, 5s);
}

}  // namespace
}  // namespace bailiwick::peers
