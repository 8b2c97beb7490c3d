#include "kube/leader_election.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <thread>

#include "kube/fenced_transport.hpp"
#include "kube/support/fake_transport.hpp"
#include "kube/support/samples.hpp"

namespace bailiwick::kube::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

// Stores one Lease as an API server does.
struct LeaseServer {
  tl::expected<Response, TransportError> operator()(const Request& request) {
    std::lock_guard lock(mutex);
    if (down) return tl::unexpected(TransportError{TransportError::Kind::Broken, "down"});
    if (request.method == Method::Get) {
      return stored.is_null() ? jsonResponse(404, status(404, "NotFound"))
                              : jsonResponse(200, stored.dump());
    }
    auto body = json::parse(request.body);
    if (request.method == Method::Post) {
      if (!stored.is_null()) return jsonResponse(409, status(409, "AlreadyExists"));
      stored = body;
    } else {
      if (body["metadata"]["resourceVersion"] != stored["metadata"]["resourceVersion"]) {
        return jsonResponse(409, status(409, "Conflict"));
      }
      stored.merge_patch(body);
    }
    stored["metadata"]["resourceVersion"] = std::to_string(++version);
    if (std::exchange(loseReply, false)) {
      return tl::unexpected(TransportError{TransportError::Kind::Cancelled, "cancelled"});
    }
    return jsonResponse(200, stored.dump());
  }
  std::string holder() {
    std::lock_guard lock(mutex);
    return stored.is_null() ? "" : stored["spec"].value("holderIdentity", "");
  }
  void setDown(bool value) {
    std::lock_guard lock(mutex);
    down = value;
  }
  std::mutex mutex;
  json stored;
  int version = 0;
  bool down = false;
  bool loseReply = false;  // of the next write
};

LeaderConfig quick(const std::string& identity) {
  return {"ns", "lease", identity, 1500ms, 600ms, 100ms};
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds within = 10s) {
  const auto end = std::chrono::steady_clock::now() + within;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return condition();
}

struct Electing : testing::Test {
  LeaseServer server;
  FakeTransport transport{[this](const Request& request) { return server(request); }};
};

TEST_F(Electing, LeadsRenewsAndReleases) {
  std::atomic<int> started{0}, lost{0};
  LeaderElection election(quick("me"), transport, {[&] { ++started; }, [&] { ++lost; }});
  EXPECT_FALSE(election.isLeader());
  election.start();
  ASSERT_TRUE(eventually([&] { return election.isLeader(); }));
  std::this_thread::sleep_for(900ms);
  EXPECT_TRUE(election.isLeader());
  EXPECT_EQ(started, 1);
  election.stop();
  EXPECT_FALSE(election.isLeader());
  EXPECT_EQ(lost, 0);
  EXPECT_TRUE(server.stored["spec"].value("holderIdentity", json()).is_null());
}

TEST_F(Electing, ReleasesALeaseWhoseLastRenewalWasStoredUnheard) {
  LeaderElection election(quick("me"), transport, {});
  election.start();
  ASSERT_TRUE(eventually([&] { return election.isLeader(); }));
  {
    const std::lock_guard lock(server.mutex);
    server.loseReply = true;
  }
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(server.mutex);
    return !server.loseReply;
  }));
  election.stop();
  EXPECT_EQ(server.holder(), "");
}

TEST_F(Electing, HandsOverWithinMomentsOfARelease) {
  LeaderElection first(quick("first"), transport, {});
  first.start();
  ASSERT_TRUE(eventually([&] { return first.isLeader(); }));
  LeaderElection second(quick("second"), transport, {});
  second.start();
  std::this_thread::sleep_for(300ms);
  EXPECT_FALSE(second.isLeader());
  first.stop();
  ASSERT_TRUE(eventually([&] { return second.isLeader(); }, 2s));
  EXPECT_EQ(server.holder(), "second");
}

TEST_F(Electing, StopsLeadingWhenTheServerIsAway) {
  std::atomic<int> lost{0};
  LeaderElection election(quick("me"), transport, {{}, [&] { ++lost; }});
  election.start();
  ASSERT_TRUE(eventually([&] { return election.isLeader(); }));
  server.setDown(true);
  ASSERT_TRUE(eventually([&] { return !election.isLeader(); }, 2s));
  ASSERT_TRUE(eventually([&] { return lost == 1; }, 2s));
  server.setDown(false);
  EXPECT_TRUE(eventually([&] { return election.isLeader(); }, 5s));
}

TEST_F(Electing, NoFencedWriteIsSentByWhoDoesNotLead) {
  LeaderElection election(quick("me"), transport, {});
  int sent = 0;
  FakeTransport target([&](const Request& request) {
    EXPECT_LE(request.deadline, request.mutating() ? 900ms : 30000ms);
    EXPECT_EQ(request.notAfter.has_value(), request.mutating());
    EXPECT_EQ(request.target().ends_with("timeout=900ms"), request.mutating());
    ++sent;
    return jsonResponse(200, "{}");
  });
  FencedTransport fenced(
      target, [&] { return election.isLeader(); }, election.margin());
  const auto write = create(resources::pods, "ns", "{}");
  const auto refused = fenced.send(write, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, TransportError::Kind::Fenced);
  EXPECT_TRUE(fenced.send(get(resources::pods, {"ns", "p"}), {}));
  EXPECT_EQ(sent, 1);
  election.start();
  ASSERT_TRUE(eventually([&] { return election.isLeader(); }));
  EXPECT_TRUE(fenced.send(write, {}));
  EXPECT_EQ(sent, 2);
}

}  // namespace
}  // namespace bailiwick::kube::test
