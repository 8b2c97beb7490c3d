#include "serve/http_server.hpp"
#include "serve/address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>

namespace bailiwick::serve {
namespace {

using boost::asio::ip::tcp;
using testing::HasSubstr;
using testing::StartsWith;

// What the server answers to these bytes until it closes.
std::string exchange(const char* host, int port, const std::string& bytes) {
  boost::asio::io_context io;
  tcp::socket socket(io);
  socket.connect({boost::asio::ip::make_address(host), static_cast<unsigned short>(port)});
  boost::system::error_code ec;
  boost::asio::write(socket, boost::asio::buffer(bytes), ec);
  std::string answer;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answer), ec);
  return answer;
}

std::string get(int port, const std::string& path, const char* host = "127.0.0.1") {
  return exchange(host, port, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
}

Answer echo(std::string_view path) {
  if (path == "/throws") throw std::runtime_error("out of luck");
  return {200, "text/plain", std::string(path)};
}

std::unique_ptr<HttpServer> serving(const std::string& address) {
  auto server = HttpServer::listen(address, echo);
  EXPECT_TRUE(server.has_value()) << (server ? "" : server.error().message);
  return std::move(*server);
}

TEST(HttpServer, AnswersWithWhatTheHandlerSaysOfThePath) {
  const auto server = serving("127.0.0.1:0");
  const auto answer = get(server->port(), "/livez?verbose=1");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\n/livez"));
}

TEST(HttpServer, IsReachedByIPv4AndIPv6WhereNoHostIsGiven) {
  const auto server = serving(":0");
  EXPECT_THAT(get(server->port(), "/a", "127.0.0.1"), HasSubstr("/a"));
  EXPECT_THAT(get(server->port(), "/a", "::1"), HasSubstr("/a"));
}

TEST(HttpServer, TakesAnIPv6AddressInBrackets) {
  EXPECT_THAT(get(serving("[::1]:0")->port(), "/a", "::1"), HasSubstr("/a"));
}

TEST(HttpServer, SurvivesAHandlerThatThrows) {
  const auto server = serving("127.0.0.1:0");
  EXPECT_THAT(get(server->port(), "/throws"), StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(get(server->port(), "/a"), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, RefusesWhatIsNoGet) {
  const auto server = serving("127.0.0.1:0");
  const auto answer = exchange("127.0.0.1", server->port(),
                               "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405"));
}

TEST(HttpServer, ClosesOnAHeadThatIsTooLongOrNoHttpAndGoesOnServing) {
  const auto server = serving("127.0.0.1:0");
  const std::string longHead = "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n";
  EXPECT_EQ(exchange("127.0.0.1", server->port(), longHead), "");
  EXPECT_EQ(exchange("127.0.0.1", server->port(), "\x16\x03\x01 hello\r\n\r\n"), "");
  EXPECT_THAT(get(server->port(), "/a"), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, SaysWhichAddressCannotBeListenedAt) {
  const auto first = serving("127.0.0.1:0");
  const auto second = HttpServer::listen("127.0.0.1:" + std::to_string(first->port()), echo);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("cannot listen at 127.0.0.1:"));
}

TEST(HttpServer, KnowsAnAddressFromWhatIsNone) {
  for (const auto* good : {":8080", "0.0.0.0:1", "[::]:8080", "127.0.0.1:65535"}) {
    EXPECT_TRUE(checkAddress(good)) << good;
  }
  for (const auto* bad : {"", "8080", ":", ":x", ":65536", ":-1", "localhost:80", "[]:80", "foo:80"}) {
    EXPECT_FALSE(checkAddress(bad)) << bad;
  }
}

}  // namespace
}  // namespace bailiwick::serve
