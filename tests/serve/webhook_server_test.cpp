#include "serve/webhook_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "kube/support/test_ca.hpp"

namespace bailiwick::serve {
namespace {

using kube::test::Identity;
using kube::test::TestCa;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

// A client of one connection. What is read is everything until the server closes or `until` came.
class Client {
 public:
  explicit Client(int port, const Identity* identity = nullptr) {
    std::signal(SIGPIPE, SIG_IGN);
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    timeval wait{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    context_ = SSL_CTX_new(TLS_client_method());
    if (identity != nullptr) use(*identity);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd_);
    shaken_ = SSL_connect(ssl_) == 1;
  }
  ~Client() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    close(fd_);
  }
  bool shaken() const { return shaken_; }
  void send(const std::string& text) { SSL_write(ssl_, text.data(), static_cast<int>(text.size())); }
  std::string read(const std::string& until = "") {
    std::string out;
    char buffer[4096];
    for (;;) {
      if (!until.empty() && out.ends_with(until)) return out;
      const int size = SSL_read(ssl_, buffer, sizeof buffer);
      if (size <= 0) return out;
      out.append(buffer, static_cast<std::size_t>(size));
    }
  }
  std::string subject() const {
    X509* certificate = SSL_get1_peer_certificate(ssl_);
    char name[128] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    X509_free(certificate);
    return name;
  }

 private:
  void use(const Identity& identity) {
    BIO* bio = BIO_new_mem_buf(identity.certificatePem.data(), -1);
    X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context_, certificate);
    X509_free(certificate);
    BIO_free(bio);
    bio = BIO_new_mem_buf(identity.keyPem.data(), -1);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(context_, key);
    EVP_PKEY_free(key);
    BIO_free(bio);
  }

  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool shaken_ = false;
};

struct Served {
  TestCa ca;
  std::unique_ptr<WebhookServer> server;

  explicit Served(WebhookLimits limits = {}, WebhookHandler handler = echo) {
    auto started = WebhookServer::listen("127.0.0.1:0", "/validate", std::move(handler), limits);
    EXPECT_TRUE(started);
    server = std::move(*started);
    EXPECT_TRUE(server->use(files("first")));
  }
  static WebhookReply echo(const std::string& body) { return {200, "application/json", body}; }
  TlsFiles files(const std::string& name) const {
    kube::test::CertificateSpec spec;
    spec.commonName = name;
    const auto identity = ca.issue(spec);
    return {identity.certificatePem, identity.keyPem, "", {}};
  }
  std::string ask(const std::string& request) const {
    Client client(server->port());
    client.send(request);
    return client.read();
  }
};

std::string post(const std::string& body, const std::string& more = "") {
  return "POST /validate?timeout=5s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(WebhookServer, AnswersSeveralRequestsOfOneConnection) {
  const Served served;
  Client client(served.server->port());
  for (const std::string& body : {std::string("{\"a\":1}"), std::string("{\"b\":2}")}) {
    client.send(post(body));
    EXPECT_THAT(client.read(body), StartsWith("HTTP/1.1 200"));
  }
}

TEST(WebhookServer, RefusesWhatIsNotExactlyThatBeforeItReadsABody) {
  const Served served;
  const auto status = [&](const std::string& request) { return served.ask(request).substr(9, 3); };
  EXPECT_EQ(status("GET /validate HTTP/1.1\r\nHost: x\r\n\r\n"), "405");
  EXPECT_EQ(status("POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), "404");
  EXPECT_EQ(status("POST /validate HTTP/1.0\r\nContent-Length: 0\r\n\r\n"), "505");
  EXPECT_EQ(status("POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\r\n"),
            "411");
  EXPECT_EQ(status("POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
                   "Content-Length: 2\r\n\r\n{}"),
            "415");
  EXPECT_EQ(status("POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
            "411");
  EXPECT_EQ(status("POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                   "Content-Length: 999999999\r\n\r\n"),
            "413");
}

TEST(WebhookServer, OutlivesGarbage) {
  WebhookLimits limits;
  limits.request = 500ms;
  const Served served(limits);
  for (const std::string& bad :
       {std::string("\x16\x03\x01\x00\x00"), std::string(100000, 'A'), std::string("GET"),
        "POST /validate HTTP/1.1\r\n" + std::string(200000, 'h') + ": x\r\n\r\n"}) {
    served.ask(bad);
  }
  EXPECT_THAT(served.ask(post("{}", "Connection: close\r\n")), EndsWith("{}"));
}

TEST(WebhookServer, EndsSlowRequests) {
  WebhookLimits limits;
  limits.request = 200ms;
  const Served served(limits);
  Client client(served.server->port());
  client.send("POST /validate HTTP/1.1\r\nHost:");
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(client.read(), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
}

TEST(WebhookServer, TurnsAnExceptionIntoAnAnswer) {
  const Served served({}, [](const std::string&) -> WebhookReply { throw std::runtime_error("x"); });
  EXPECT_THAT(served.ask(post("{}")), StartsWith("HTTP/1.1 500"));
}

TEST(WebhookServer, ShowsNewConnectionsTheNewCertificate) {
  const Served served;
  Client old(served.server->port());
  EXPECT_EQ(old.subject(), "first");
  ASSERT_TRUE(served.server->use(served.files("second")));
  EXPECT_EQ(Client(served.server->port()).subject(), "second");
  old.send(post("{}"));
  EXPECT_THAT(old.read("{}"), HasSubstr("200"));
}

TEST(WebhookServer, KeepsItsCertificateWhereTheNewOneCannotBeUsed) {
  const Served served;
  auto mixed = served.files("second");
  mixed.key = served.files("third").key;
  EXPECT_FALSE(served.server->use(mixed));
  EXPECT_FALSE(served.server->use({"", "", "", {}}));
  EXPECT_EQ(Client(served.server->port()).subject(), "first");
}

TEST(WebhookServer, AsksForTheClientsCertificateWhereConfigured) {
  const Served served;
  const TestCa clients("clients"), strangers("strangers");
  auto files = served.files("first");
  files.clientCa = clients.pem();
  files.clientNames = {"apiserver"};
  ASSERT_TRUE(served.server->use(files));
  const auto answered = [&](const Identity* identity) {
    Client client(served.server->port(), identity);
    client.send(post("{}", "Connection: close\r\n"));
    return client.read().ends_with("{}");  // TLS 1.3 tells a refusal after the handshake
  };
  kube::test::CertificateSpec named;
  named.client = true;
  named.commonName = "apiserver";
  const auto right = clients.issue(named), forged = strangers.issue(named);
  named.commonName = "somebody";
  const auto other = clients.issue(named);
  EXPECT_TRUE(answered(&right));
  EXPECT_FALSE(answered(nullptr));
  EXPECT_FALSE(answered(&forged));
  EXPECT_FALSE(answered(&other));
}

}  // namespace
}  // namespace bailiwick::serve
