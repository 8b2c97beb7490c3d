// The transport on real sockets: what servers and networks do to it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/client.hpp"
#include "kube/cpprest_transport.hpp"
#include "kube/support/samples.hpp"
#include "kube/support/scripted_server.hpp"

namespace bailiwick::kube::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;
using Kind = TransportError::Kind;

const Request anything = get(resources::pods, {"ns", "p"});

// Collects a stream; goes on until told otherwise.
struct Collector final : StreamSink {
  bool onHead(const ResponseHead& head) override {
    status = head.status;
    type = head.contentType;
    return goOn;
  }
  bool onChunk(std::string_view bytes) override {
    all += bytes;
    arrivals.push_back(Clock::now());
    if (then) then();
    return goOn && all.size() < enough;
  }
  int status = 0;
  std::string type, all;
  bool goOn = true;
  std::size_t enough = std::size_t{1} << 30;
  std::vector<Clock::time_point> arrivals;
  std::function<void()> then;
};

struct OverSockets : testing::Test {
  std::unique_ptr<Transport> make(std::size_t maxBody = std::size_t{64} << 20) const {
    ClusterConfig config;
    config.server = *parseServerUrl(server.url());
    config.ca.inlineText = Secret(ca.pem());
    config.token.inlineText = Secret("s3cret");
    return makeTransport(config, {"bailiwick-operator/0.1.0 (region fra)", maxBody});
  }

  TestCa ca;
  ScriptedServer server{ca.issue()};
  std::unique_ptr<Transport> transport = make();
};

TEST_F(OverSockets, SendsMethodTargetHeadersAndBody) {
  server.then(Reply::json(201, R"({"metadata":{"uid":"u","resourceVersion":"1"}})"));
  const auto request = apply(resources::configMaps, {"ns", "a/b"}, R"({"a":"ü"})", Force::Yes);
  ASSERT_TRUE(write(*transport, request, {}));
  const auto seen = server.seen().at(0);
  EXPECT_EQ(seen.method, "PATCH");
  EXPECT_EQ(seen.target, request.target());
  EXPECT_EQ(seen.body, request.body);
  EXPECT_EQ(seen.headers.at("content-type"), "application/apply-patch+yaml");
  EXPECT_EQ(seen.headers.at("accept"), "application/json");
  EXPECT_EQ(seen.headers.at("authorization"), "Bearer s3cret");
  EXPECT_EQ(seen.headers.at("user-agent"), "bailiwick-operator/0.1.0 (region fra)");
  EXPECT_EQ(seen.headers.at("content-length"), std::to_string(request.body.size()));
}

TEST_F(OverSockets, SendsTheBodyOfADeletion) {
  server.then(Reply::json(200, R"({"kind":"Status","status":"Success"})"));
  const auto request = deleteObject(resources::pods, {"ns", "p"}, *Preconditions::of("u", "7"));
  ASSERT_TRUE(write(*transport, request, {}));
  EXPECT_EQ(server.seen().at(0).method, "DELETE");
  EXPECT_EQ(server.seen().at(0).body, request.body);
}

TEST_F(OverSockets, KeepsAConnectionForTheNextRequest) {
  server.otherwise(Reply::json(200, "{}"));
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(transport->send(anything, {}));
    std::this_thread::sleep_for(20ms);  // the pool takes it back on another thread
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(OverSockets, ReadsABodyWithoutContentType) {
  server.then(Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
  const auto response = transport->send(anything, {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "{}");
}

TEST_F(OverSockets, TakesStatusTypeAndRetryAfterFromTheHead) {
  server.then(Reply::body(429, "Text/Plain; charset=utf-8", "slow down", "Retry-After: 7\r\n"));
  const auto response = transport->send(anything, {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->head.status, 429);
  EXPECT_EQ(response->head.contentType, "text/plain");
  EXPECT_EQ(response->head.retryAfter, 7s);
}

TEST_F(OverSockets, DoesNotFollowARedirectNorSendItsTokenThere) {
  ScriptedServer elsewhere(ca.issue());
  for (const int status : {301, 302, 303, 307, 308}) {
    server.then(Reply::body(status, "text/html", "", "Location: " + elsewhere.url() + "/x\r\n"));
    const auto response = perform(*transport, anything, {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ApiError::Kind::Malformed);
    EXPECT_THAT(response.error().message, HasSubstr("redirects are not followed"));
  }
  EXPECT_TRUE(elsewhere.seen().empty());
}

TEST_F(OverSockets, IgnoresProxiesOfTheEnvironment) {
  for (const auto* name : {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"}) {
    setenv(name, "http://127.0.0.1:1", 1);
  }
  server.then(Reply::json(200, "{}"));
  EXPECT_TRUE(make()->send(anything, {}));
  for (const auto* name : {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"}) unsetenv(name);
}

TEST_F(OverSockets, RefusesABodyOverTheBound) {
  const auto small = make(1000);
  server.then(Reply::json(200, std::string(1001, 'x')));
  server.then(Reply::stream().chunk(std::string(600, 'x')).chunk(std::string(600, 'x')).end());
  server.then(Reply::json(200, std::string(1000, 'x')));
  EXPECT_EQ(small->send(anything, {}).error().kind, Kind::TooLarge);
  EXPECT_EQ(small->send(anything, {}).error().kind, Kind::TooLarge);
  EXPECT_TRUE(small->send(anything, {}));
}

TEST_F(OverSockets, ReadsALargeBodyWhole) {
  const std::string body(20'000'000, 'y');
  server.then(Reply::json(200, body));
  const auto response = transport->send(anything, {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, body);
}

TEST_F(OverSockets, EndsARequestAtItsDeadlineHoweverSlowlyTheAnswerTrickles) {
  auto reply = Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  for (int i = 0; i < 100; ++i) reply.bytes("x").pause(50ms);
  server.then(reply);
  Request request = anything;
  request.deadline = 300ms;
  const auto start = Clock::now();
  EXPECT_EQ(transport->send(request, {}).error().kind, Kind::Timeout);
  EXPECT_LT(Clock::now() - start, 4s);
}

TEST_F(OverSockets, SendsNothingThatIsTooLate) {
  Request late = anything;
  late.notAfter = Clock::now() - 1ms;
  EXPECT_EQ(transport->send(late, {}).error().kind, Kind::Fenced);
  EXPECT_TRUE(server.seen().empty());
}

TEST_F(OverSockets, GivesUpWhatIsUnderWayWhenItIsTooLate) {
  server.then(Reply::raw("").hold());
  Request late = anything;
  late.notAfter = Clock::now() + 300ms;
  const auto start = Clock::now();
  EXPECT_EQ(transport->send(late, {}).error().kind, Kind::Timeout);
  EXPECT_LT(Clock::now() - start, 4s);
}

TEST_F(OverSockets, IsCancelledByItsStopToken) {
  server.then(Reply::raw("").hold());
  std::stop_source stop;
  std::jthread stopper([&] {
    server.waitForRequests(1);
    stop.request_stop();
  });
  const auto start = Clock::now();
  EXPECT_EQ(transport->send(anything, stop.get_token()).error().kind, Kind::Cancelled);
  EXPECT_LT(Clock::now() - start, 5s);
}

TEST_F(OverSockets, SaysThatAServerCannotBeReached) {
  std::uint16_t port = 0;
  { port = ScriptedServer(ca.issue()).port(); }
  ClusterConfig config;
  config.server = {"127.0.0.1", port, ""};
  config.ca.inlineText = Secret(ca.pem());
  const auto error = makeTransport(config, {"test"})->send(anything, {}).error();
  EXPECT_EQ(error.kind, Kind::Unreachable) << error.message;
  config.server.host = "does-not-exist.invalid";
  const auto unresolved = makeTransport(config, {"test"})->send(anything, {}).error();
  EXPECT_EQ(unresolved.kind, Kind::Unreachable) << unresolved.message;
}

struct BrokenRow {
  const char* name;
  const char* bytes;
};
class BrokenAnswers : public OverSockets, public testing::WithParamInterface<BrokenRow> {};

TEST_P(BrokenAnswers, AreBrokenConnectionsAndTheNextRequestWorks) {
  server.then(Reply::raw(GetParam().bytes).cut()).otherwise(Reply::json(200, "{}"));
  const auto response = transport->send(anything, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::Broken) << response.error().message;
  EXPECT_TRUE(transport->send(anything, {}));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BrokenAnswers,
    testing::Values(BrokenRow{"NoAnswer", ""}, BrokenRow{"NoStatusLine", "garbage\r\n\r\n"},
                    BrokenRow{"HeadCutOff", "HTTP/1.1 200 OK\r\nContent-Le"},
                    BrokenRow{"BodyCutOff", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"},
                    BrokenRow{"ChunkCutOff",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"},
                    BrokenRow{"ChunkSizeIsNoNumber",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{"},
                    BrokenRow{"ChunkSizeOverflows",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                              "chunked\r\n\r\nffffffffffff\r\n{"},
                    BrokenRow{"LastChunkMissing",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"}),
    [](const auto& row) { return row.param.name; });

TEST_F(OverSockets, NeverRepeatsAWriteByItself) {
  server.then(Reply::json(200, R"({"metadata":{"resourceVersion":"1"}})"));
  server.then(Reply::raw("").cut());
  server.otherwise(Reply::json(200, R"({"metadata":{"resourceVersion":"2"}})"));
  ASSERT_TRUE(write(*transport, create(resources::pods, "ns", "{}"), {}));
  std::this_thread::sleep_for(50ms);
  const auto lost = transport->send(create(resources::pods, "ns", "{}"), {});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, Kind::Broken);
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(server.seen().size(), 2u);
  EXPECT_EQ(server.seen().at(1).connection, 1);
}

TEST_F(OverSockets, HandsOnEachChunkAsItComes) {
  server.then(Reply::stream().chunk("one\n").pause(300ms).chunk("two\n").end());
  Collector sink;
  ASSERT_TRUE(transport->stream(anything, sink, 5s, {}));
  EXPECT_EQ(sink.all, "one\ntwo\n");
  ASSERT_EQ(sink.arrivals.size(), 2u);
  EXPECT_GT(sink.arrivals[1] - sink.arrivals[0], 150ms);
}

TEST_F(OverSockets, EndsASilentStreamAfterItsIdleTime) {
  server.then(Reply::stream().chunk("one\n").hold());
  Collector sink;
  const auto start = Clock::now();
  const auto done = transport->stream(anything, sink, 300ms, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, Kind::Timeout);
  EXPECT_LT(Clock::now() - start, 15s);
  EXPECT_EQ(sink.all, "one\n");
}

TEST_F(OverSockets, AStreamThatIsAliveOutlastsItsIdleTime) {
  auto reply = Reply::stream();
  for (int i = 0; i < 8; ++i) reply.chunk("x").pause(100ms);
  server.then(reply.end());
  Collector sink;
  EXPECT_TRUE(transport->stream(anything, sink, 500ms, {}));
  EXPECT_EQ(sink.all, "xxxxxxxx");
}

TEST_F(OverSockets, ASinkThatHasHadEnoughEndsTheStream) {
  server.then(Reply::stream().chunk("12345").chunk("678").hold());
  Collector sink;
  sink.enough = 5;
  EXPECT_TRUE(transport->stream(anything, sink, 5s, {}));
  EXPECT_EQ(sink.all, "12345");
}

TEST_F(OverSockets, ASinkThatWantsNoBodyEndsTheStreamAtItsHead) {
  server.then(Reply::stream("text/html").hold());
  Collector sink;
  sink.goOn = false;
  const auto start = Clock::now();
  EXPECT_TRUE(transport->stream(anything, sink, 60s, {}));
  EXPECT_LT(Clock::now() - start, 5s);
  EXPECT_EQ(sink.type, "text/html");
}

TEST_F(OverSockets, ASinkThatThrowsEndsItsOwnStreamOnly) {
  server.then(Reply::stream().chunk("x").hold()).otherwise(Reply::json(200, "{}"));
  Collector sink;
  sink.then = [] { throw std::runtime_error("oh"); };
  const auto done = transport->stream(anything, sink, 5s, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, Kind::Misuse);
  EXPECT_TRUE(transport->send(anything, {}));
}

TEST_F(OverSockets, RefusesARequestFromWithinASink) {
  server.then(Reply::stream().chunk("x").end());
  Collector sink;
  std::optional<Kind> kind;
  sink.then = [&] { kind = transport->send(anything, {}).error().kind; };
  EXPECT_TRUE(transport->stream(anything, sink, 5s, {}));
  EXPECT_EQ(kind, Kind::Misuse);
}

TEST_F(OverSockets, ManyStreamsAndRequestsShareFewThreads) {
  server.answer([](const SeenRequest& request) {
    if (request.target.find("watch") != std::string::npos) {
      return std::move(Reply::stream().chunk("x").hold());
    }
    return Reply::json(200, "{}");
  });
  std::stop_source stop;
  std::atomic<int> begun{0};
  {
    std::vector<std::jthread> streams;
    for (int i = 0; i < 20; ++i) {
      streams.emplace_back([&] {
        Collector sink;
        sink.then = [&] { ++begun; };
        transport->stream(watch(resources::pods, "", {}), sink, 60s, stop.get_token());
      });
    }
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(transport->send(anything, {}));
    for (int i = 0; i < 1000 && begun < 20; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(begun, 20);
    stop.request_stop();
  }
}

}  // namespace
}  // namespace bailiwick::kube::test
