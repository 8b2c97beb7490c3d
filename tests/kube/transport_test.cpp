// The transport on real sockets: what servers and networks do to it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/client.hpp"
#include "kube/support/samples.hpp"
#include "kube/support/scripted_server.hpp"
#include "kube/support/transports.hpp"

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

struct Sockets : testing::Test {
  explicit Sockets(const TransportRow& row_) : row(row_) {}
  std::unique_ptr<Transport> make(std::size_t maxBody = std::size_t{64} << 20) const {
    ClusterConfig config;
    config.server = *parseServerUrl(server.url());
    config.ca.inlineText = Secret(ca.pem());
    config.token.inlineText = Secret("s3cret");
    return row.make(config, {"bailiwick-operator/0.1.0 (region fra)", maxBody});
  }

  const TransportRow row;
  TestCa ca;
  ScriptedServer server{ca.issue()};
  std::unique_ptr<Transport> transport = make();
};

struct OverSockets : Sockets, testing::WithParamInterface<TransportRow> {
  OverSockets() : Sockets(GetParam()) {}
};
INSTANTIATE_TEST_SUITE_P(Transports, OverSockets, testing::Values(cpprest, tls), transportName);

struct OverPooledSockets : Sockets {
  OverPooledSockets() : Sockets(cpprest) {}
};
struct OverSocketsOfItsOwn : Sockets {
  OverSocketsOfItsOwn() : Sockets(tls) {}
};

TEST_P(OverSockets, SendsMethodTargetHeadersAndBody) {
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

TEST_P(OverSockets, SendsTheBodyOfADeletion) {
  server.then(Reply::json(200, R"({"kind":"Status","status":"Success"})"));
  const auto request = deleteObject(resources::pods, {"ns", "p"}, *Preconditions::of("u", "7"));
  ASSERT_TRUE(write(*transport, request, {}));
  EXPECT_EQ(server.seen().at(0).method, "DELETE");
  EXPECT_EQ(server.seen().at(0).body, request.body);
}

TEST_F(OverPooledSockets, KeepsAConnectionForTheNextRequest) {
  server.otherwise(Reply::json(200, "{}"));
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(transport->send(anything, {}));
    std::this_thread::sleep_for(20ms);  // the pool takes it back on another thread
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_P(OverSockets, ReadsABodyWithoutContentType) {
  server.then(Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
  const auto response = transport->send(anything, {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "{}");
}

TEST_P(OverSockets, TakesStatusTypeAndRetryAfterFromTheHead) {
  server.then(Reply::body(429, "Text/Plain; charset=utf-8", "slow down", "Retry-After: 7\r\n"));
  const auto response = transport->send(anything, {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->head.status, 429);
  EXPECT_EQ(response->head.contentType, "text/plain");
  EXPECT_EQ(response->head.retryAfter, 7s);
}

TEST_P(OverSockets, DoesNotFollowARedirectNorSendItsTokenThere) {
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

TEST_P(OverSockets, IgnoresProxiesOfTheEnvironment) {
  for (const auto* name : {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"}) {
    setenv(name, "http://127.0.0.1:1", 1);
  }
  server.then(Reply::json(200, "{}"));
  EXPECT_TRUE(make()->send(anything, {}));
  for (const auto* name : {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"}) unsetenv(name);
}

TEST_P(OverSockets, RefusesABodyOverTheBound) {
  const auto small = make(1000);
  server.then(Reply::json(200, std::string(1001, 'x')));
  server.then(Reply::stream().chunk(std::string(600, 'x')).chunk(std::string(600, 'x')).end());
  server.then(Reply::json(200, std::string(1000, 'x')));
  EXPECT_EQ(small->send(anything, {}).error().kind, Kind::TooLarge);
  EXPECT_EQ(small->send(anything, {}).error().kind, Kind::TooLarge);
  EXPECT_TRUE(small->send(anything, {}));
}

TEST_P(OverSockets, ReadsALargeBodyWhole) {
  const std::string body(20'000'000, 'y');
  server.then(Reply::json(200, body));
  const auto response = transport->send(anything, {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, body);
}

TEST_P(OverSockets, EndsARequestAtItsDeadlineHoweverSlowlyTheAnswerTrickles) {
  auto reply = Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  for (int i = 0; i < 100; ++i) reply.bytes("x").pause(50ms);
  server.then(reply);
  Request request = anything;
  request.deadline = 300ms;
  const auto start = Clock::now();
  EXPECT_EQ(transport->send(request, {}).error().kind, Kind::Timeout);
  EXPECT_LT(Clock::now() - start, 4s);
}

TEST_P(OverSockets, SendsNothingThatIsTooLate) {
  Request late = anything;
  late.notAfter = Clock::now() - 1ms;
  EXPECT_EQ(transport->send(late, {}).error().kind, Kind::Fenced);
  EXPECT_TRUE(server.seen().empty());
}

TEST_P(OverSockets, GivesUpWhatIsUnderWayWhenItIsTooLate) {
  server.then(Reply::raw("").hold());
  Request late = anything;
  late.notAfter = Clock::now() + 300ms;
  const auto start = Clock::now();
  EXPECT_EQ(transport->send(late, {}).error().kind, Kind::Timeout);
  EXPECT_LT(Clock::now() - start, 4s);
}

TEST_P(OverSockets, IsCancelledByItsStopToken) {
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

TEST_P(OverSockets, SaysThatAServerCannotBeReached) {
  std::uint16_t port = 0;
  { port = ScriptedServer(ca.issue()).port(); }
  ClusterConfig config;
  config.server = {"127.0.0.1", port, ""};
  config.ca.inlineText = Secret(ca.pem());
  const auto error = row.make(config, {"test"})->send(anything, {}).error();
  EXPECT_EQ(error.kind, Kind::Unreachable) << error.message;
  config.server.host = "does-not-exist.invalid";
  const auto unresolved = row.make(config, {"test"})->send(anything, {}).error();
  EXPECT_EQ(unresolved.kind, Kind::Unreachable) << unresolved.message;
}

struct BrokenRow {
  const char* name;
  const char* bytes;
};
struct BrokenAnswers : Sockets,
                       testing::WithParamInterface<std::tuple<TransportRow, BrokenRow>> {
  BrokenAnswers() : Sockets(std::get<0>(GetParam())) {}
};

TEST_P(BrokenAnswers, AreBrokenConnectionsAndTheNextRequestWorks) {
  server.then(Reply::raw(std::get<1>(GetParam()).bytes).cut()).otherwise(Reply::json(200, "{}"));
  const auto response = transport->send(anything, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::Broken) << response.error().message;
  EXPECT_TRUE(transport->send(anything, {}));
}

const BrokenRow brokenRows[] = {
    {"NoAnswer", ""},
    {"NoStatusLine", "garbage\r\n\r\n"},
    {"HeadCutOff", "HTTP/1.1 200 OK\r\nContent-Le"},
    {"BodyCutOff", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"},
    {"ChunkCutOff", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"},
    {"ChunkSizeIsNoNumber", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{"},
    {"ChunkSizeIsNegative",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n"},
    {"ChunkSizeOverflows",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n{"},
    {"LastChunkMissing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"}};

INSTANTIATE_TEST_SUITE_P(Rows, BrokenAnswers,
                         testing::Combine(testing::Values(cpprest, tls),
                                          testing::ValuesIn(brokenRows)),
                         [](const auto& row) {
                           return std::string(std::get<0>(row.param).name) +
                                  std::get<1>(row.param).name;
                         });

TEST_F(OverPooledSockets, NeverRepeatsAWriteByItself) {
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

TEST_F(OverSocketsOfItsOwn, HandsOnAChunkThatHasNotComeWhole) {
  auto reply = Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n");
  server.then(reply.bytes(std::string(100'000, 'x')).hold());
  Collector sink;
  sink.enough = 100'000;
  EXPECT_TRUE(transport->stream(anything, sink, 5s, {}));
  EXPECT_EQ(sink.all.size(), 100'000u);
}

TEST_F(OverSocketsOfItsOwn, HoldsNoHeadAndNoChunksHeadWithoutEnd) {
  const std::string endless(1 << 20, 'x');
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const auto& begun : {std::string("HTTP/1.1 200 "), std::string("HTTP/1.1 200 OK\r\nX: "),
                            chunked + "5;", chunked + "0\r\nX: "}) {
    server.then(Reply::raw(begun + endless).hold());
    const auto response = transport->send(anything, {});
    ASSERT_FALSE(response) << begun;
    EXPECT_EQ(response.error().kind, Kind::Broken) << response.error().message;
  }
}

TEST_F(OverSocketsOfItsOwn, AnAnswerThatEndsWithTheConnectionIsNotTakenForWholeWhenThatIsCut) {
  server.then(Reply::raw("HTTP/1.1 200 OK\r\n\r\n{}").cut());
  const auto response = transport->send(anything, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::Broken);
}

TEST_F(OverSocketsOfItsOwn, AnAnswerThatCanBeReadInTwoWaysIsNone) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n", whole = "\r\n2\r\n{}\r\n0\r\n\r\n";
  for (const auto& head : {"Content-Length: 2\r\n" + chunked, chunked + "Content-Length: 2\r\n",
                           std::string("Content-Length: 2\r\nContent-Length: 3\r\n"),
                           std::string("Content-Length: +2\r\n"),
                           std::string("Content-Length: -1\r\n")}) {
    server.then(Reply::raw("HTTP/1.1 200 OK\r\n" + head + whole).hold());
    const auto response = transport->send(anything, {});
    ASSERT_FALSE(response) << head;
    EXPECT_EQ(response.error().kind, Kind::Broken) << head << response.error().message;
  }
}

TEST_F(OverSocketsOfItsOwn, WhatComesBeforeAnAnswerIsTakenForOneAndNothingAfterIt) {
  server.then(Reply::raw("HTTP/1.1 100 Continue\r\n\r\n"
                         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
  const auto response = transport->send(anything, {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->head.status, 100);
  EXPECT_EQ(response->body, "");
}

TEST_F(OverSocketsOfItsOwn, BytesThatTrickleOutsideOfABodyAreNoLifeOfAStream) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";
  auto extension = Reply::raw(chunked + "1;");
  auto trailer = Reply::raw(chunked + "0\r\n");
  for (int i = 0; i < 40; ++i) {
    extension.bytes("e").pause(50ms);
    trailer.bytes("t").pause(50ms);
  }
  for (const auto& slow : {extension, trailer}) {
    server.then(slow);
    Collector sink;
    const auto start = Clock::now();
    const auto done = transport->stream(anything, sink, 300ms, {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, Kind::Timeout);
    EXPECT_LT(Clock::now() - start, 1500ms);
    EXPECT_EQ(sink.all, "x");
  }
}

TEST_F(OverSocketsOfItsOwn, ResolvesNoNames) {
  ClusterConfig config;
  config.server = {"localhost", server.port(), ""};
  config.ca.inlineText = Secret(ca.pem());
  const auto error = row.make(config, {"test"})->send(anything, {}).error();
  EXPECT_EQ(error.kind, Kind::Unreachable) << error.message;
  EXPECT_EQ(server.connections(), 0);
}

TEST_P(OverSockets, SaysToWhomItSpeaks) {
  server.otherwise(Reply::json(200, "{}"));
  ClusterConfig config;
  config.server = {"127.0.0.1", server.port(), "/clusters/a"};
  config.ca.inlineText = Secret(ca.pem());
  ASSERT_TRUE(row.make(config, {"test"})->send(anything, {}));
  EXPECT_EQ(server.seen().at(0).headers.at("host"), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(server.seen().at(0).target, "/clusters/a" + anything.target());
}

TEST_P(OverSockets, TakesTheServersClockFromTheHead) {
  server.then(Reply::json(200, "{}", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  const auto response = transport->send(anything, {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->head.date, std::chrono::sys_seconds{784111777s});
}

TEST_P(OverSockets, HandsOnEachChunkAsItComes) {
  server.then(Reply::stream().chunk("one\n").pause(300ms).chunk("two\n").end());
  Collector sink;
  ASSERT_TRUE(transport->stream(anything, sink, 5s, {}));
  EXPECT_EQ(sink.all, "one\ntwo\n");
  ASSERT_EQ(sink.arrivals.size(), 2u);
  EXPECT_GT(sink.arrivals[1] - sink.arrivals[0], 150ms);
}

TEST_P(OverSockets, EndsASilentStreamAfterItsIdleTime) {
  server.then(Reply::stream().chunk("one\n").hold());
  Collector sink;
  const auto start = Clock::now();
  const auto done = transport->stream(anything, sink, 300ms, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, Kind::Timeout);
  EXPECT_LT(Clock::now() - start, 15s);
  EXPECT_EQ(sink.all, "one\n");
}

TEST_P(OverSockets, AStreamThatIsAliveOutlastsItsIdleTime) {
  auto reply = Reply::stream();
  for (int i = 0; i < 8; ++i) reply.chunk("x").pause(100ms);
  server.then(reply.end());
  Collector sink;
  EXPECT_TRUE(transport->stream(anything, sink, 500ms, {}));
  EXPECT_EQ(sink.all, "xxxxxxxx");
}

TEST_P(OverSockets, ASinkThatHasHadEnoughEndsTheStream) {
  server.then(Reply::stream().chunk("12345").chunk("678").hold());
  Collector sink;
  sink.enough = 5;
  EXPECT_TRUE(transport->stream(anything, sink, 5s, {}));
  EXPECT_EQ(sink.all, "12345");
}

TEST_P(OverSockets, ASinkThatWantsNoBodyEndsTheStreamAtItsHead) {
  server.then(Reply::stream("text/html").hold());
  Collector sink;
  sink.goOn = false;
  const auto start = Clock::now();
  EXPECT_TRUE(transport->stream(anything, sink, 60s, {}));
  EXPECT_LT(Clock::now() - start, 5s);
  EXPECT_EQ(sink.type, "text/html");
}

TEST_P(OverSockets, ASinkThatThrowsEndsItsOwnStreamOnly) {
  server.then(Reply::stream().chunk("x").hold()).otherwise(Reply::json(200, "{}"));
  Collector sink;
  sink.then = [] { throw std::runtime_error("oh"); };
  const auto done = transport->stream(anything, sink, 5s, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, Kind::Misuse);
  EXPECT_TRUE(transport->send(anything, {}));
}

TEST_P(OverSockets, RefusesARequestFromWithinASink) {
  server.then(Reply::stream().chunk("x").end());
  Collector sink;
  std::optional<Kind> kind;
  sink.then = [&] { kind = transport->send(anything, {}).error().kind; };
  EXPECT_TRUE(transport->stream(anything, sink, 5s, {}));
  EXPECT_EQ(kind, Kind::Misuse);
}

TEST_P(OverSockets, ManyStreamsAndRequestsShareFewThreads) {
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
