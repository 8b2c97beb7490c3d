#include "peers/gateway_probe.hpp"

#include <gtest/gtest.h>

#include "kube/base64.hpp"
#include "kube/cpprest_transport.hpp"
#include "kube/support/scripted_server.hpp"

namespace bailiwick::peers {
namespace {

using kube::test::Reply;
using kube::test::ScriptedServer;

struct Probing : testing::Test {
  kube::test::TestCa ca;
  ScriptedServer gateway{ca.issue()};
  int dialled = 0;
  GatewayProbe probe{*kube::parseServerUrl(gateway.url()), "127.0.0.1",
                     [this](kube::ClusterConfig config) {
                       ++dialled;
                       return kube::makeTransport(std::move(config), {"test"});
                     }};

  bool answers(const kube::test::TestCa& authority) {
    return probe.answers(kube::encodeBase64(authority.pem()), "zrh", {"team", "chat"}, {});
  }
  bool answers(int status) {
    gateway.otherwise(Reply::json(status, "{}"));
    return answers(ca);
  }
};

TEST_F(Probing, AsksForTheDeploymentInThatRegion) {
  EXPECT_TRUE(answers(200));
  ASSERT_EQ(gateway.seen().size(), 1u);
  const auto request = gateway.seen().front();
  EXPECT_EQ(request.target, "/v1/models");
  EXPECT_EQ(request.headers.at("x-bailiwick-deployment"), "team/chat");
  EXPECT_EQ(request.headers.at("x-bailiwick-region"), "zrh");
  EXPECT_FALSE(request.headers.contains("authorization"));
}

TEST_F(Probing, WhoAsksForAKeyServes) { EXPECT_TRUE(answers(401)); }

TEST_F(Probing, OfAnAnswerOnlyTheHeadIsAwaited) {
  gateway.otherwise(Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n{").hold());
  EXPECT_TRUE(answers(ca));
}

TEST_F(Probing, NoOtherAnswerIsOne) {
  for (const int status : {302, 403, 404, 451, 500, 502, 503}) EXPECT_FALSE(answers(status)) << status;
  EXPECT_FALSE(probe.answers("not base64!", "zrh", {"team", "chat"}, {}));
}

TEST_F(Probing, AGatewayOfAnotherAuthorityIsNotAsked) {
  kube::test::TestCa other;
  gateway.otherwise(Reply::json(200, "{}"));
  EXPECT_FALSE(answers(other));
  EXPECT_TRUE(gateway.seen().empty());
  EXPECT_TRUE(answers(ca)) << "a Region object that changes is followed";
  EXPECT_TRUE(answers(ca));
  EXPECT_EQ(dialled, 2);
}

}  // namespace
}  // namespace bailiwick::peers
