// An informer over real sockets against an API server that misbehaves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/cpprest_transport.hpp"
#include "kube/informer.hpp"
#include "kube/support/samples.hpp"
#include "kube/support/scripted_server.hpp"
#include "kube/support/thing.hpp"

namespace bailiwick::kube::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds within = 15s) {
  const auto end = std::chrono::steady_clock::now() + within;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(2ms);
  }
  return condition();
}

struct WatchFaults : testing::Test {
  WatchFaults() {
    config.resource = resources::pods;
    config.backoffMin = 1ms;
    config.backoffMax = 20ms;
    config.idle = 400ms;
  }
  ~WatchFaults() override {
    if (informer) informer->stop();
  }

  void start() {
    ClusterConfig cluster;
    cluster.server = *parseServerUrl(server.url());
    cluster.ca.inlineText = Secret(ca.pem());
    transport = makeTransport(cluster, {"test"});
    informer = std::make_unique<Informer<Thing>>(config, decodeThing);
    informer->addHandler({{}, {}, [this](const auto& object) { gone += object->meta.key.name; }});
    informer->start(*transport);
  }
  // What a sound server answers from then on: the set {names...} at `version`, then silence.
  static Reply set(const std::vector<std::string>& names, int version) {
    auto reply = Reply::stream();
    for (const auto& name : names) reply.lines({added(name, version)});
    return reply.lines({bookmark(version, true)});
  }
  std::string names() const {
    std::string out;
    for (const auto& object : informer->store().snapshot()) out += object->meta.key.name;
    std::sort(out.begin(), out.end());
    return out;
  }
  std::string target(std::size_t request) const { return server.seen().at(request).target; }

  TestCa ca;
  WatchConfig config;
  std::string gone;
  ScriptedServer server{ca.issue()};
  std::unique_ptr<Transport> transport;
  std::unique_ptr<Informer<Thing>> informer;
};

TEST_F(WatchFaults, AWatchThatIsWellSyncsAndFollows) {
  server.then(set({"a", "b"}, 10).lines({modified("a", 11), deleted("b", 12)}).hold());
  start();
  ASSERT_TRUE(informer->waitSettled(10s));
  EXPECT_TRUE(eventually([&] { return names() == "a"; }));
  EXPECT_EQ(gone, "b");
  EXPECT_THAT(server.seen()[0].headers.count("authorization"), 0);
}

struct FirstAnswer {
  const char* name;
  std::function<Reply()> reply;
};
class FailingStart : public WatchFaults, public testing::WithParamInterface<FirstAnswer> {};

TEST_P(FailingStart, IsSurvivedAndNeverTakenForAnEmptySet) {
  server.then(GetParam().reply()).otherwise(set({"a"}, 10).hold());
  start();
  ASSERT_TRUE(informer->waitSettled(15s));
  EXPECT_TRUE(informer->synced());
  EXPECT_EQ(names(), "a");
  EXPECT_GE(server.seen().size(), 2u);
}

class FailingLater : public WatchFaults, public testing::WithParamInterface<FirstAnswer> {};

TEST_P(FailingLater, KeepsTheCacheAndDeletesNothing) {
  server.then(set({"a", "b"}, 10).end());
  for (int i = 0; i < 3; ++i) server.then(GetParam().reply());
  server.otherwise(set({"a", "b"}, 30).lines({added("c", 31)}).hold());
  start();
  ASSERT_TRUE(informer->waitSettled(15s));
  EXPECT_EQ(names(), "ab");
  EXPECT_TRUE(eventually([&] { return server.seen().size() >= 5 && names() == "abc"; }));
  EXPECT_EQ(gone, "");
}

Reply html() {
  return Reply::body(200, "text/html", "<html>maintenance</html>");
}
Reply refusal(int code, const std::string& reason, const std::string& extra = "") {
  return Reply::json(code, status(code, reason), extra);
}

const auto faults = testing::Values(
    FirstAnswer{"TooManyRequests",
                [] { return Reply::body(429, "text/plain", "Too many", "Retry-After: 0\r\n"); }},
    FirstAnswer{"InternalError", [] { return refusal(500, "InternalError"); }},
    FirstAnswer{"Unavailable", [] { return Reply::body(503, "text/html", "<html>"); }},
    FirstAnswer{"GatewayTimeout", [] { return refusal(504, "Timeout"); }},
    FirstAnswer{"Conflict", [] { return refusal(409, "Conflict"); }},
    FirstAnswer{"Gone", [] { return refusal(410, "Expired"); }},
    FirstAnswer{"GoneInStream",
                [] {
                  return std::move(
                      Reply::stream().lines({event("ERROR", status(410, "Expired"))}).end());
                }},
    FirstAnswer{"HtmlWith200", html},
    FirstAnswer{"HtmlStream",
                [] { return std::move(Reply::stream("text/html").chunk("<html>").end()); }},
    FirstAnswer{
        "TruncatedJson",
        [] { return std::move(Reply::stream().chunk(added("x", 40).substr(0, 50)).end()); }},
    FirstAnswer{
        "CutInTheMiddleOfALine",
        [] { return std::move(Reply::stream().chunk(added("x", 40).substr(0, 50)).cut()); }},
    FirstAnswer{"CutInTheMiddleOfAChunk",
                [] { return std::move(Reply::stream().bytes("fff\r\n{\"type\"").cut()); }},
    FirstAnswer{"ConnectionClosed", [] { return std::move(Reply::raw("").cut()); }},
    FirstAnswer{
        "Redirect",
        [] { return Reply::body(302, "text/html", "", "Location: https://127.0.0.1/\r\n"); }},
    FirstAnswer{"EmptyStream", [] { return std::move(Reply::stream().end()); }},
    FirstAnswer{"StalledStream", [] { return std::move(Reply::stream().hold()); }});
const auto faultName = [](const auto& row) { return std::string(row.param.name); };
INSTANTIATE_TEST_SUITE_P(Rows, FailingStart, faults, faultName);
INSTANTIATE_TEST_SUITE_P(Rows, FailingLater, faults, faultName);

TEST_F(WatchFaults, AStalledStreamIsRelistedAndShowsWhatWasMissed) {
  server.then(set({"a"}, 10).hold()).otherwise(set({"b"}, 20).hold());
  start();
  ASSERT_TRUE(informer->waitSettled(10s));
  EXPECT_TRUE(eventually([&] { return names() == "b"; }));
  EXPECT_EQ(gone, "a");
}

TEST_F(WatchFaults, AListThatFailsOnPageThreeIsDiscardedWhole) {
  config.watchList = false;
  std::atomic<int> lists{0};
  server.answer([&](const SeenRequest& request) {
    if (request.target.find("watch=true") != std::string::npos) {
      return std::move(Reply::stream().hold());
    }
    const bool first = request.target.find("continue") == std::string::npos;
    if (first) ++lists;
    if (first) return Reply::json(200, listOf(10, {object("a", 1)}, "two"));
    if (request.target.find("continue=two") != std::string::npos) {
      return Reply::json(200, listOf(10, {object("b", 2)}, "three"));
    }
    return lists == 1 ? refusal(500, "InternalError")
                      : Reply::json(200, listOf(10, {object("c", 3)}));
  });
  start();
  ASSERT_TRUE(informer->waitSettled(10s));
  EXPECT_EQ(names(), "abc");
  EXPECT_EQ(lists, 2);
}

TEST_F(WatchFaults, AnOldServerIsListedInPages) {
  server.then(refusal(422, "Invalid"));
  server.then(Reply::json(200, listOf(10, {object("a", 1)}, "next")));
  server.then(Reply::json(200, listOf(10, {object("b", 2)})));
  server.otherwise(Reply::stream().lines({added("c", 11)}).hold());
  start();
  EXPECT_TRUE(eventually([&] { return names() == "abc"; }));
  EXPECT_THAT(target(1), Not(HasSubstr("watch=true")));
  EXPECT_THAT(target(3), HasSubstr("resourceVersion=10"));
}

TEST_F(WatchFaults, AStreamThatTricklesByteByByteIsRead) {
  server.then(Reply::stream()
                  .trickle(added("a", 5) + "\n" + bookmark(10, true) + "\n" + added("b", 11) + "\n")
                  .hold());
  start();
  ASSERT_TRUE(informer->waitSettled(20s));
  EXPECT_TRUE(eventually([&] { return names() == "ab"; }));
}

TEST_F(WatchFaults, ALineOverTheBoundIsRefusedAndTheRestGoesOn) {
  config.maxLine = 100'000;
  const std::string huge =
      R"({"type":"ADDED","object":{"x":")" + std::string(200'000, 'x') + "\"}}";
  server.then(set({"a"}, 10).lines({huge}).hold()).otherwise(set({"a", "b"}, 20).hold());
  start();
  EXPECT_TRUE(eventually([&] { return names() == "ab"; }));
}

TEST_F(WatchFaults, RepeatedAndOlderEventsChangeNothing) {
  server.then(set({"a"}, 10)
                  .lines({deleted("a", 12), added("a", 10), modified("a", 11), added("z", 13)})
                  .hold());
  start();
  EXPECT_TRUE(eventually([&] { return names() == "z"; }));
}

TEST_F(WatchFaults, ALostBookmarkOnlyCostsARelist) {
  server.then(Reply::stream().lines({added("a", 5)}).hold()).otherwise(set({"a"}, 10).hold());
  start();
  ASSERT_TRUE(informer->waitSettled(10s));
  EXPECT_EQ(names(), "a");
}

TEST_F(WatchFaults, WaitsAsLongAsRetryAfterSays) {
  server.then(Reply::body(429, "text/plain", "slow", "Retry-After: 1\r\n"));
  server.otherwise(set({"a"}, 10).hold());
  const auto before = std::chrono::steady_clock::now();
  start();
  ASSERT_TRUE(informer->waitSettled(10s));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 1s);
}

TEST_F(WatchFaults, StopsAtOnceWhileAStreamIsOpen) {
  config.idle = 60s;
  server.then(set({"a"}, 10).hold());
  start();
  ASSERT_TRUE(informer->waitSettled(10s));
  const auto before = std::chrono::steady_clock::now();
  informer->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
}

TEST_F(WatchFaults, FiveThousandObjectsArriveWhole) {
  auto reply = Reply::stream();
  std::string bytes;
  const std::string filler = R"("spec":{"filler":")" + std::string(3000, 'f') + "\"}";
  for (int i = 1; i <= 5000; ++i) {
    bytes += event("ADDED", object("n" + std::to_string(i), i, filler)) + "\n";
    if (bytes.size() > 30'000) reply.chunk(std::exchange(bytes, {}));
  }
  server.then(reply.chunk(bytes + bookmark(6000, true) + "\n").hold());
  config.idle = 60s;
  start();
  ASSERT_TRUE(informer->waitSettled(30s));
  EXPECT_EQ(informer->store().size(), 5000u);
}

}  // namespace
}  // namespace bailiwick::kube::test
