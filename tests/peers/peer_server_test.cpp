// The way to a peer on a real socket: what a server that is not ours can do to us.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "kube/base64.hpp"
#include "kube/support/samples.hpp"
#include "kube/support/scripted_server.hpp"
#include "kube/tls_transport.hpp"
#include "peers/address.hpp"
#include "peers/peer_caches.hpp"
#include "peers/peer_transport.hpp"

namespace bailiwick::peers {
namespace {

using namespace std::chrono_literals;
using kube::test::Reply;
using kube::test::ScriptedServer;
using testing::HasSubstr;

struct PeerServer : testing::Test {
  kube::test::TestCa ca;
  ScriptedServer server{ca.issue()};
  PeerTransport transport{{500ms, 2s}};

  void connect(std::size_t maxBody = 1 << 20) {
    api::Access access{server.url(), kube::encodeBase64(ca.pem()), {"bailiwick-system", "peer"}};
    auto cluster = clusterOf(access);
    ASSERT_TRUE(cluster) << cluster.error().message;
    cluster->token.inlineText = kube::Secret("s3cret");
    transport.use(kube::makeTlsTransport(*cluster, {"test", maxBody}));
  }
};

const auto aGet = kube::get(kube::resources::modelDeployments, {"team", "a"});
const auto aList = kube::list(kube::resources::modelDeployments, "");

TEST_F(PeerServer, ARedirectLeadsNowhere) {
  ScriptedServer elsewhere{ca.issue()};
  server.otherwise(Reply::body(302, "text/plain", "", "Location: " + elsewhere.url() + "/\r\n"));
  connect();
  const auto answer = transport.send(aList, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->head.status, 302);
  EXPECT_THAT(transport.refusal(), HasSubstr("redirect"));
  EXPECT_TRUE(elsewhere.seen().empty()) << "and no token was shown there";
}

TEST_F(PeerServer, AServerThatHangsCostsHalfASecond) {
  server.otherwise(Reply::raw("").hold());
  connect();
  const auto began = std::chrono::steady_clock::now();
  const auto answer = transport.send(aGet, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, kube::TransportError::Kind::Timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
}

TEST_F(PeerServer, AnAnswerWithoutEndIsCutOff) {
  server.otherwise(Reply::json(200, std::string(3 << 20, ' ')));
  connect(1 << 20);
  const auto answer = transport.send(aGet, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, kube::TransportError::Kind::TooLarge);
}

TEST_F(PeerServer, NoProxyOfTheEnvironmentIsUsed) {
  ScriptedServer proxy{ca.issue()};
  const auto address = "http://127.0.0.1:" + std::to_string(proxy.port());
  for (const auto* name : {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"}) {
    setenv(name, address.c_str(), 1);
  }
  server.otherwise(Reply::json(200, "{}"));
  connect();
  EXPECT_TRUE(transport.send(aGet, {}));
  for (const auto* name : {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"}) {
    unsetenv(name);
  }
  EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(PeerServer, AnotherAuthorityThanItsOwnIsRefused) {
  const kube::test::TestCa other("other");
  server.replaceIdentity(other.issue());
  server.otherwise(Reply::json(200, "{}"));
  connect();
  const auto answer = transport.send(aList, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, kube::TransportError::Kind::Certificate);
  EXPECT_NE(transport.refusal(), "");
  EXPECT_TRUE(server.seen().empty());
}

// A watch that never ends and shows ever new Region objects, each as large as one may be with that
// much of two certificates.
Reply flood(int count, std::size_t size) {
  auto reply = Reply::stream();
  const std::string pem(size, 'x');
  for (int i = 0; i < count; ++i) {
    const auto object = R"({"metadata":{"name":"r)" + std::to_string(i) + R"(","uid":"u)" +
                        std::to_string(i) + R"(","resourceVersion":")" + std::to_string(i + 1) +
                        R"("},"spec":{"provider":"p","location":"l","jurisdiction":"DE","access":)" +
                        R"({"server":"https://s","caBundle":")" + pem +
                        R"(","credentialSecret":{"name":"c"}},"gateway":{"address":"a","caBundle":")" +
                        pem + R"("}}})";
    reply.chunk(kube::test::event("ADDED", object) + "\n");
  }
  return reply.chunk(kube::test::bookmark(count + 1, true) + "\n").hold();
}

TEST_F(PeerServer, ItsObjectsFillNoMoreMemoryThanTheyMay) {
  server.answer([](const kube::test::SeenRequest& request) {
    if (request.target.find("/regions") == std::string::npos) return Reply::raw("").hold();
    return flood(300, 60'000);
  });
  connect();
  PeerCaches caches("zrh");
  caches.start(transport);
  ASSERT_TRUE(caches.regions.waitSettled(60s));
  EXPECT_LT(caches.regions.store().size(), 290u) << "of 120 kB each, 32 MiB in all";
  EXPECT_GT(caches.regions.store().size(), 200u);
  EXPECT_GT(caches.unreadable(), 0u);
  caches.stop();
}

TEST(PeerAddress, NeedsAnAuthorityOfItsOwn) {
  const api::Access access{"https://127.0.0.1:6443", "", {"bailiwick-system", "peer"}};
  EXPECT_THAT(clusterOf(access).error().message, HasSubstr("access.caBundle"));
}

TEST(PeerAddress, DialsTheAddressThatWasJudgedAndVerifiesTheName) {
  const kube::test::TestCa ca;
  const api::Access access{"https://localhost:6443", kube::encodeBase64(ca.pem()), {}};
  const auto named = clusterOf(access).value();
  EXPECT_EQ(named.server.host, "localhost");
  const auto second = dialledAt(named, {"192.0.2.1", "192.0.2.2"}, 3).value();
  EXPECT_EQ(second.tlsServerName, "localhost");
  EXPECT_EQ(second.server.host, "192.0.2.2");
  EXPECT_THAT(dialledAt(named, {"192.0.2.1", "169.254.169.254"}, 0).error().message,
              HasSubstr("169.254.169.254"))
      << "though it would be the other one's turn";
}

TEST(PeerAddress, OfANameTheSystemKnows) {
  const auto addresses = resolveBySystem("localhost");
  ASSERT_FALSE(addresses.empty());
  EXPECT_TRUE(addresses[0] == "127.0.0.1" || addresses[0] == "::1");
  EXPECT_TRUE(resolveBySystem("does-not-exist.invalid").empty());
}

}  // namespace
}  // namespace bailiwick::peers
