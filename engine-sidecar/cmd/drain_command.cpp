#include "cmd/drain_command.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fstream>
#include <ostream>
#include <sstream>

#include "config/config.hpp"

namespace bailiwick::sidecar {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

Result<Address> adminAddress(const std::string& configFile) {
  if (configFile.empty()) return Config{}.admin;
  std::ifstream in(configFile, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(configFile + ": cannot be read");
  return parseConfig(configFile, text.str()).map([](const Config& config) { return config.admin; });
}

// An address to connect to for one to listen on.
asio::ip::address reachable(const std::string& host) {
  const auto address = asio::ip::make_address(host);
  if (!address.is_unspecified()) return address;
  if (address.is_v4()) return asio::ip::address_v4::loopback();
  return asio::ip::address_v6::loopback();
}

// The whole answer to one request; the server closes after it.
Result<std::string> post(const Address& address, const std::string& path) {
  asio::io_context io;
  tcp::socket socket(io);
  boost::system::error_code error;
  socket.connect({reachable(address.host), address.port}, error);
  const std::string request = "POST " + path +
                              " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
                              "Connection: close\r\n\r\n";
  if (!error) asio::write(socket, asio::buffer(request), error);
  std::string answer;
  if (!error) asio::read(socket, asio::dynamic_buffer(answer), error);
  if (error && error != asio::error::eof) return fail(error.message());
  return answer;
}

}  // namespace

int drain(const std::string& configFile, std::ostream& out, std::ostream& errors) {
  const auto address = adminAddress(configFile);
  if (!address) {
    errors << address.error().message << "\n";
    return 1;
  }
  const auto answer = post(*address, "/drain");
  const bool good = answer && answer->starts_with("HTTP/1.1 200 ");
  if (!good) {
    errors << "the sidecar's admin port " << address->host << ":" << address->port
           << " does not drain: "
           << (answer ? answer->substr(0, answer->find("\r\n")) : answer.error().message) << "\n";
    return 1;
  }
  const std::size_t head = answer->find("\r\n\r\n");
  if (head != std::string::npos) out << answer->substr(head + 4);
  return 0;
}

}  // namespace bailiwick::sidecar
