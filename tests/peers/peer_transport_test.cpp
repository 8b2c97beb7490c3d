#include "peers/peer_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "kube/support/fake_transport.hpp"
#include "kube/support/samples.hpp"

namespace bailiwick::peers {
namespace {

using namespace std::chrono_literals;
using kube::test::FakeTransport;
using testing::HasSubstr;
using Kind = kube::TransportError::Kind;
namespace resources = kube::resources;

struct Way : testing::Test {
  std::vector<kube::Request> sent;
  int status = 200;
  std::string body = "{}";
  std::optional<kube::TransportError> error;
  PeerTransport transport{{500ms, 10s}};

  void SetUp() override { connect(); }
  void connect(const std::string& token = "") {
    transport.use(std::make_shared<FakeTransport>(
        [this](const kube::Request& request) -> tl::expected<kube::Response, kube::TransportError> {
          sent.push_back(request);
          if (error) return tl::unexpected(*error);
          return kube::test::jsonResponse(status, body);
        }),
        "", kube::Secret(token));
  }
};

TEST_F(Way, NothingIsEverWrittenToAPeer) {
  const kube::Request writes[] = {
      kube::create(resources::modelDeployments, "team", "{}"),
      kube::mergePatch(resources::leases, {"bailiwick-system", "bailiwick-region-zrh"}, "{}"),
      kube::apply(resources::modelDeployments, {"team", "a"}, "{}", kube::Force::No),
      kube::deleteObject(resources::modelDeployments, {"team", "a"},
                         *kube::Preconditions::of("u", "1"))};
  for (const auto& write : writes) {
    const auto answer = transport.send(write, {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Kind::Misuse);
  }
  EXPECT_TRUE(sent.empty());
}

TEST_F(Way, OnlyOnesOwnTokenIsPostedFor) {
  kube::Request renewal;
  renewal.method = kube::Method::Post;
  renewal.path = "/api/v1/namespaces/n/serviceaccounts/peer/token";
  EXPECT_FALSE(transport.send(renewal, {})) << "a static token asks for nothing";
  transport.allowPost(renewal.path);
  EXPECT_TRUE(transport.send(renewal, {}));
  renewal.path = "/api/v1/namespaces/n/serviceaccounts/other/token";
  EXPECT_FALSE(transport.send(renewal, {}));
  EXPECT_EQ(sent.size(), 1u);
}

TEST_F(Way, RequestsAreShortSoThatARegionThatHangsIsFoundSoon) {
  (void)transport.send(kube::get(resources::modelDeployments, {"team", "a"}), {});
  (void)transport.send(kube::list(resources::modelDeployments, ""), {});
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].deadline, 500ms);
  EXPECT_EQ(sent[1].deadline, 10s);
}

TEST_F(Way, ARefusalStandsUntilTheSameIsAllowed) {
  status = 403;
  (void)transport.send(kube::list(resources::exitOrders, ""), {});
  EXPECT_THAT(transport.refusal(), HasSubstr("exitorders is answered 403"));
  status = 200;
  (void)transport.send(kube::list(resources::modelDeployments, ""), {});
  EXPECT_THAT(transport.refusal(), HasSubstr("403")) << "another path says nothing of it";
  (void)transport.send(kube::list(resources::exitOrders, ""), {});
  EXPECT_EQ(transport.refusal(), "");
}

TEST_F(Way, ARedirectIsARefusalAndNotFollowed) {
  status = 302;
  (void)transport.send(kube::list(resources::regions, ""), {});
  EXPECT_THAT(transport.refusal(), HasSubstr("redirect"));
  EXPECT_EQ(sent.size(), 1u);
}

TEST_F(Way, AReadOfOneObjectSaysNothingOfTheCredential) {
  for (const int refused : {401, 403, 302}) {
    status = refused;
    (void)transport.send(kube::get(resources::modelDeployments, {"team", "a"}), {});
    EXPECT_EQ(transport.refusal(), "") << refused;
  }
  error = kube::TransportError{Kind::Certificate, "expired"};
  (void)transport.send(kube::get(resources::modelDeployments, {"team", "a"}), {});
  EXPECT_EQ(transport.refusal(), "");
}

const auto heartbeatRead =
    kube::get(resources::leases, {"bailiwick-system", "bailiwick-region-zrh"});

TEST_F(Way, ARefusedHeartbeatIsARefusalUntilItMayBeListed) {
  status = 403;
  (void)transport.send(heartbeatRead, {});
  EXPECT_THAT(transport.refusal(), HasSubstr("403"));
  status = 200;
  (void)transport.send(kube::list(resources::leases, "bailiwick-system"), {});
  EXPECT_EQ(transport.refusal(), "");
}

TEST_F(Way, ANewCredentialIsNotRefusedYet) {
  status = 401;
  (void)transport.send(heartbeatRead, {});
  (void)transport.send(kube::list(resources::regions, ""), {});
  EXPECT_NE(transport.refusal(), "");
  connect();
  EXPECT_EQ(transport.refusal(), "");
}

struct Told final : kube::StreamSink {
  bool onHead(const kube::ResponseHead&) override { return true; }
  bool onChunk(std::string_view bytes) override {
    text += bytes;
    return true;
  }
  std::string text;
};

// Answers each stream with this.
struct Repeating final : kube::Transport {
  explicit Repeating(int status_) : status(status_) {}
  tl::expected<kube::Response, kube::TransportError> send(const kube::Request&,
                                                          std::stop_token) override {
    return kube::test::jsonResponse(status, "{}");
  }
  tl::expected<void, kube::TransportError> stream(const kube::Request&, kube::StreamSink& sink,
                                                  std::chrono::milliseconds,
                                                  std::stop_token) override {
    sink.onHead({status, "application/json", std::nullopt});
    sink.onChunk("you sent opaque-token");
    return {};
  }
  int status;
};

TEST_F(Way, OnesOwnTokenIsTakenOutOfErrors) {
  connect("opaque-token");
  status = 500;
  body = R"({"message":"you sent opaque-token"})";
  const auto answer = transport.send(kube::list(resources::regions, ""), {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, R"({"message":"you sent [hidden]"})");
  transport.use(std::make_shared<Repeating>(502), "", kube::Secret("opaque-token"));
  Told told;
  ASSERT_TRUE(transport.stream(kube::watch(resources::regions, "", {}), told, 10s, {}));
  EXPECT_EQ(told.text, "you sent [hidden]");
}

TEST_F(Way, ACertificateErrorIsARefusalAndATimeoutIsNone) {
  error = kube::TransportError{Kind::Timeout, "late"};
  (void)transport.send(kube::list(resources::regions, ""), {});
  EXPECT_EQ(transport.refusal(), "");
  error = kube::TransportError{Kind::Certificate, "expired"};
  (void)transport.send(kube::list(resources::regions, ""), {});
  EXPECT_EQ(transport.refusal(), "expired");
}

TEST_F(Way, WithoutACredentialNothingIsSentAndItSaysWhy) {
  transport.use(nullptr, "there is no Secret");
  const auto answer = transport.send(kube::list(resources::regions, ""), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "there is no Secret");
}

struct Quiet final : kube::StreamSink {
  bool onHead(const kube::ResponseHead&) override { return true; }
  bool onChunk(std::string_view) override { return true; }
};

// Brings a head and something after it, and then nothing until it is told to end.
struct Talking final : kube::Transport {
  std::atomic<bool> talked{false};
  tl::expected<kube::Response, kube::TransportError> send(const kube::Request&,
                                                          std::stop_token) override {
    return kube::test::jsonResponse(200, "{}");
  }
  tl::expected<void, kube::TransportError> stream(const kube::Request&, kube::StreamSink& sink,
                                                  std::chrono::milliseconds,
                                                  std::stop_token stop) override {
    sink.onHead({});
    sink.onChunk("x");
    talked = true;
    while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
    return tl::unexpected(kube::TransportError{Kind::Cancelled, "stopped"});
  }
};

TEST_F(Way, AStreamThatBroughtSomethingSinceThenIsNotCut) {
  const auto talking = std::make_shared<Talking>();
  transport.use(talking);
  Quiet sink;
  const auto before = std::chrono::steady_clock::now();
  std::jthread reader([&](std::stop_token stop) {
    const auto done =
        transport.stream(kube::watch(resources::regions, "", {}), sink, 10s, std::move(stop));
    EXPECT_FALSE(done);
  });
  while (!talking->talked) std::this_thread::sleep_for(1ms);
  std::atomic<bool> ended{false};
  transport.cutStreams(before);
  std::jthread waiter([&] {
    reader.join();
    ended = true;
  });
  std::this_thread::sleep_for(100ms);
  EXPECT_FALSE(ended);
  transport.cutStreams(std::chrono::steady_clock::now());
  waiter.join();
  EXPECT_TRUE(ended);
}

TEST_F(Way, StreamsThatHungAreCutAndMayBeginAnew) {
  Quiet sink;
  std::jthread cutter([&] {
    std::this_thread::sleep_for(50ms);
    transport.cutStreams(std::chrono::steady_clock::now());
  });
  const auto done = transport.stream(kube::watch(resources::regions, "", {}), sink, 10s, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, Kind::Broken) << "not Cancelled: the informer goes on";
}

}  // namespace
}  // namespace bailiwick::peers
