// Whom the transport trusts, and what it shows of itself.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "kube/request.hpp"
#include "kube/support/scripted_server.hpp"
#include "kube/support/temp_dir.hpp"
#include "kube/support/transports.hpp"

namespace bailiwick::kube::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Kind = TransportError::Kind;

const Request anything = get(resources::pods, {"ns", "p"});

ClusterConfig configFor(const ScriptedServer& server, const std::string& caPem) {
  ClusterConfig config;
  config.server = *parseServerUrl(server.url());
  config.ca.inlineText = Secret(caPem);
  config.token.inlineText = Secret("s3cret");
  return config;
}

struct Tls : testing::TestWithParam<TransportRow> {
  static std::unique_ptr<Transport> make(const ClusterConfig& config) {
    return GetParam().make(config, {"test"});
  }
  static tl::expected<Response, TransportError> ask(const ClusterConfig& config) {
    return make(config)->send(anything, {});
  }
};
INSTANTIATE_TEST_SUITE_P(Transports, Tls, testing::Values(cpprest, tls), transportName);

struct RefusedRow {
  const char* name;
  CertificateSpec spec;
  const char* why;
};
struct RefusedCertificates : testing::TestWithParam<std::tuple<TransportRow, RefusedRow>> {};

TEST_P(RefusedCertificates, GetNoRequestAndNoToken) {
  const TestCa ca;
  const auto& [transport, row] = GetParam();
  ScriptedServer server(ca.issue(row.spec));
  server.otherwise(Reply::json(200, "{}"));
  const auto response =
      transport.make(configFor(server, ca.pem()), {"test"})->send(anything, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::Certificate);
  EXPECT_THAT(response.error().message, HasSubstr(row.why));
  EXPECT_TRUE(server.seen().empty());
}

const RefusedRow refusedRows[] = {
    {"Expired", {.validFrom = -7200s, .validUntil = -3600s}, "expired"},
    {"NotYetValid", {.validFrom = 3600s, .validUntil = 7200s}, "not yet valid"},
    {"AnotherAddress", {.names = {"IP:127.0.0.2"}}, "mismatch"},
    {"AnotherName", {.names = {"DNS:elsewhere"}}, "mismatch"},
    {"NameOnlyInTheSubject", {.commonName = "127.0.0.1", .names = {}}, "mismatch"},
    {"ForClientsOnly", {.client = true}, "purpose"}};

INSTANTIATE_TEST_SUITE_P(Rows, RefusedCertificates,
                         testing::Combine(testing::Values(cpprest, tls),
                                          testing::ValuesIn(refusedRows)),
                         [](const auto& row) {
                           return std::string(std::get<0>(row.param).name) +
                                  std::get<1>(row.param).name;
                         });

TEST_P(Tls, RefusesAnotherAuthority) {
  const TestCa ca, other("other CA");
  ScriptedServer server(other.issue());
  const auto response = ask(configFor(server, ca.pem()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::Certificate) << response.error().message;
  EXPECT_TRUE(server.seen().empty());
}

// A peer that is killed just then would never be lost if it were taken for one that was refused.
TEST_P(Tls, AServerThatDiesInTheMiddleOfAHandshakeWasNotRefused) {
  const TestCa ca;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 4), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::jthread dies([listener] { close(accept(listener, nullptr, nullptr)); });
  ScriptedServer unused(ca.issue());
  auto config = configFor(unused, ca.pem());
  config.server = *parseServerUrl("https://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  const auto response = ask(config);
  close(listener);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::Unreachable) << response.error().message;
}

TEST_P(Tls, TrustsNoAuthorityOfTheSystem) {
  const TempDir folder;
  const TestCa ca, system("system CA");
  setenv("SSL_CERT_FILE", folder.write("system.pem", system.pem()).c_str(), 1);
  ScriptedServer server(system.issue());
  const auto response = ask(configFor(server, ca.pem()));
  unsetenv("SSL_CERT_FILE");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::Certificate);
}

TEST_P(Tls, AcceptsTheServerNameOfTheConfiguration) {
  const TestCa ca;
  ScriptedServer server(ca.issue({.names = {"DNS:kubernetes"}}));
  server.otherwise(Reply::json(200, "{}"));
  auto config = configFor(server, ca.pem());
  EXPECT_FALSE(ask(config));
  config.tlsServerName = "kubernetes";
  const auto response = ask(config);
  EXPECT_TRUE(response) << response.error().message;
  config.tlsServerName = "another";
  EXPECT_FALSE(ask(config));
}

TEST_P(Tls, ShowsItsClientCertificate) {
  const TestCa ca, clients("client CA");
  ScriptedServer server(ca.issue(), {clients.pem()});
  server.otherwise(Reply::json(200, "{}"));
  auto config = configFor(server, ca.pem());
  EXPECT_FALSE(ask(config));
  const auto me = clients.issue({.commonName = "operator", .client = true});
  config.clientCertificate.inlineText = Secret(me.certificatePem);
  config.clientKey.inlineText = Secret(me.keyPem);
  const auto response = ask(config);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(server.seen().back().clientName, "operator");
}

TEST_P(Tls, TakesUpARenewedClientCertificateWithoutARestart) {
  const TempDir folder;
  const TestCa ca, clients("client CA");
  ScriptedServer server(ca.issue(), {clients.pem()});
  server.otherwise(Reply::json(200, "{}"));
  const auto write = [&](const std::string& name) {
    const auto me = clients.issue({.commonName = name, .client = true});
    folder.write("key", me.keyPem);
    folder.write("crt", me.certificatePem);
  };
  write("first");
  auto config = configFor(server, ca.pem());
  config.clientCertificate.file = folder.file("crt");
  config.clientKey.file = folder.file("key");
  const auto transport = make(config);
  ASSERT_TRUE(transport->send(anything, {}));
  EXPECT_EQ(server.seen().back().clientName, "first");
  write("second");
  std::this_thread::sleep_for(1100ms);
  ASSERT_TRUE(transport->send(anything, {}));
  EXPECT_EQ(server.seen().back().clientName, "second");
}

TEST_P(Tls, FollowsARotatedAuthorityWithoutARestart) {
  const TempDir folder;
  const TestCa before("before"), after("after");
  ScriptedServer server(before.issue());
  server.otherwise(Reply::json(200, "{}"));
  auto config = configFor(server, "");
  config.ca = Source{folder.write("ca.crt", before.pem()), {}};
  const auto transport = make(config);
  ASSERT_TRUE(transport->send(anything, {}));
  folder.write("ca.crt", after.pem());
  server.replaceIdentity(after.issue());
  std::this_thread::sleep_for(1100ms);
  const auto response = transport->send(anything, {});
  EXPECT_TRUE(response) << response.error().message;
}

TEST_P(Tls, ReadsTheTokenAgainAfterA401) {
  const TempDir folder;
  const TestCa ca;
  ScriptedServer server(ca.issue());
  server.answer([](const SeenRequest& request) {
    const bool good = request.headers.at("authorization") == "Bearer new";
    return Reply::json(good ? 200 : 401, "{}");
  });
  auto config = configFor(server, ca.pem());
  config.token = Source{folder.write("token", "old"), {}};
  const auto transport = make(config);
  EXPECT_EQ(transport->send(anything, {})->head.status, 401);
  folder.write("token", "new");
  EXPECT_EQ(transport->send(anything, {})->head.status, 200);
}

TEST_P(Tls, SaysWhichCredentialCannotBeReadWithoutShowingIt) {
  const TestCa ca;
  ScriptedServer server(ca.issue());
  auto config = configFor(server, ca.pem());
  config.token = Source{"", Secret("s3cret\r\nX: y")};
  const auto response = ask(config);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::Credentials);
  EXPECT_THAT(response.error().message, Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace bailiwick::kube::test
