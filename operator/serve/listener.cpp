#include "serve/listener.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/v6_only.hpp>
#include <charconv>

namespace bailiwick::serve {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

struct Address {
  std::string host;  // empty: every address
  unsigned short port = 0;
};

Result<Address> parseAddress(const std::string& address) {
  const auto colon = address.rfind(':');
  int port = -1;
  if (colon != std::string::npos) {
    const auto* end = address.data() + address.size();
    const auto [rest, error] = std::from_chars(address.data() + colon + 1, end, port);
    if (error != std::errc{} || rest != end) port = -1;
  }
  if (port < 0 || port > 65535) {
    return fail(fmt::format("{} is not an address to listen at; write [HOST]:PORT, e.g. :8080",
                            address));
  }
  auto host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  boost::system::error_code ec;
  if (!host.empty()) asio::ip::make_address(host, ec);
  if (ec) return fail(fmt::format("{}: {} is not an IP address", address, host));
  return Address{std::move(host), static_cast<unsigned short>(port)};
}

void open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, boost::system::error_code& ec) {
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && endpoint.address().is_v6()) {
    acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), ec);
  }
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
  }
}

// Every address: one socket of IPv6 takes IPv4 too; a kernel without IPv6 has only the other.
void open(tcp::acceptor& acceptor, const Address& address, boost::system::error_code& ec) {
  if (!address.host.empty()) {
    return open(acceptor, tcp::endpoint(asio::ip::make_address(address.host), address.port), ec);
  }
  open(acceptor, tcp::endpoint(tcp::v6(), address.port), ec);
  if (ec == std::errc::address_family_not_supported || ec == std::errc::address_not_available) {
    open(acceptor, tcp::endpoint(tcp::v4(), address.port), ec);
  }
}

}  // namespace

Result<void> openAt(const std::string& address, tcp::acceptor& acceptor) {
  const auto parsed = parseAddress(address);
  if (!parsed) return tl::unexpected(parsed.error());
  boost::system::error_code ec;
  open(acceptor, *parsed, ec);
  if (ec) return fail(fmt::format("cannot listen at {}: {}", address, ec.message()));
  return {};
}

Result<void> checkAddress(const std::string& address) {
  return parseAddress(address).map([](const Address&) {});
}

}  // namespace bailiwick::serve
