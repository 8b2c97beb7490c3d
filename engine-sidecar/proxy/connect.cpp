#include "proxy/connect.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cerrno>
#include <cstring>
#include <vector>

namespace bailiwick::sidecar {
namespace {

using tcp = asio::ip::tcp;
using Address = asio::ip::address;

bool isPrivateV4(std::uint32_t ip) {
  const auto in = [ip](std::uint32_t net, int bits) { return (ip ^ net) >> (32 - bits) == 0; };
  return in(0x00000000, 8) || in(0x0a000000, 8) || in(0x64400000, 10) || in(0x7f000000, 8) ||
         in(0xa9fe0000, 16) || in(0xac100000, 12) || in(0xc0000000, 24) || in(0xc0a80000, 16) ||
         in(0xe0000000, 3);
}

bool isPrivate(const Address& address) {
  if (address.is_v4()) return isPrivateV4(address.to_v4().to_uint());
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped())
    return isPrivateV4(asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_uint());
  const auto bytes = v6.to_bytes();
  return v6.is_loopback() || v6.is_unspecified() || v6.is_link_local() || v6.is_multicast() ||
         (bytes[0] & 0xfe) == 0xfc;
}

// Where clouds serve credentials. No backend is there.
bool isLinkLocal(const Address& address) {
  if (address.is_v4()) return (address.to_v4().to_uint() >> 16) == 0xa9fe;
  const auto v6 = address.to_v6();
  return v6.is_link_local() ||
         (v6.is_v4_mapped() && v6.to_bytes()[12] == 0xa9 && v6.to_bytes()[13] == 0xfe);
}

struct Found {
  std::vector<tcp::endpoint> endpoints;
  std::string fault;
};

// An address that the table itself writes out was checked when the table was made; what a name
// leads to is known only here.
Task<Found> resolve(asio::io_context& io, const Endpoint& endpoint) {
  Found found;
  boost::system::error_code ec;
  const Address literal = asio::ip::make_address(endpoint.host, ec);
  if (!ec) {
    found.endpoints.emplace_back(literal, endpoint.port);
  } else {
    tcp::resolver resolver(io);
    ec = {};
    const auto results = co_await resolver.async_resolve(
        endpoint.host, std::to_string(endpoint.port), asio::redirect_error(useAwaitable, ec));
    if (ec) {
      found.fault = fmt::format("{} does not resolve: {}", endpoint.host, ec.message());
      co_return found;
    }
    for (const auto& result : results)
      if (!endpoint.publicOnly || !isPrivate(result.endpoint().address()))
        found.endpoints.push_back(result.endpoint());
  }
  std::erase_if(found.endpoints, [](const auto& one) { return isLinkLocal(one.address()); });
  if (found.endpoints.empty())
    found.fault = endpoint.host + " resolves only to addresses that may not be reached from here";
  co_return found;
}

// Not yet connected; closed where even that failed.
Stream startConnect(asio::io_context& io, const tcp::endpoint& to) {
  const int descriptor =
      ::socket(to.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return Stream();
  if (::connect(descriptor, to.data(), static_cast<socklen_t>(to.size())) != 0 &&
      errno != EINPROGRESS) {
    ::close(descriptor);
    return Stream();
  }
  return Stream(Socket(io, descriptor));
}

int connectError(const Stream& stream) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(stream.descriptor(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

bool isConnected(const Stream& stream) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return ::getpeername(stream.descriptor(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
}

std::string tlsFault(const Stream& stream) {
  const long verified = stream.ssl() ? SSL_get_verify_result(stream.ssl()) : X509_V_OK;
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  return text;
}

}  // namespace

Task<Connected> connect(asio::io_context& io, const Endpoint& endpoint, Waiter& waiter,
                        Deadline& deadline, StopSign& stop) {
  Connected result;
  const auto mayGoOn = [&] {
    result.late = deadline.passed();
    return !result.late && !stop.stopped();
  };
  const Found found = co_await resolve(io, endpoint);
  result.fault = found.fault;
  for (const tcp::endpoint& to : found.endpoints) {
    if (!mayGoOn()) break;
    Stream stream = startConnect(io, to);
    stream.tell(&waiter);
    int error = stream.isOpen() ? 0 : errno;
    while (error == 0 && !isConnected(stream) && mayGoOn()) {
      stream.awaitWrite();
      co_await waiter.wait();
      error = connectError(stream);
    }
    if (error == 0 && mayGoOn() && endpoint.tls) {
      startClientTls(stream, endpoint.tls.get(), endpoint.serverName);
      Io shaken;
      while ((shaken = stream.handshake()).again() && mayGoOn()) co_await waiter.wait();
      if (shaken.over()) {
        result.fault = fmt::format("TLS with {}: {}", endpoint.host, tlsFault(stream));
        continue;
      }
    }
    if (error == 0 && mayGoOn()) {
      result.fault.clear();
      result.stream = std::move(stream);
      co_return result;
    }
    result.refused = error == ECONNREFUSED;
    result.fault = error != 0 ? fmt::format("{}: {}", endpoint.host, std::strerror(error))
                              : fmt::format("{} does not answer", endpoint.host);
  }
  co_return result;
}

}  // namespace bailiwick::sidecar
