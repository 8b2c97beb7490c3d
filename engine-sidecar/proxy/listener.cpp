#include "proxy/listener.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>

#include "log/log.hpp"

namespace bailiwick::sidecar {
namespace {

using asio::ip::tcp;

constexpr int backlog = 4096;
constexpr int acceptsAtOnce = 64;
constexpr std::chrono::milliseconds pauseWithoutDescriptors{50};

std::string textOf(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text,
                sizeof text);
  } else {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
      ::inet_ntop(AF_INET, v6.s6_addr + 12, text, sizeof text);
    } else {
      ::inet_ntop(AF_INET6, &v6, text, sizeof text);
    }
  }
  return text;
}

int open(const tcp::endpoint& at, bool shared) {
  const int descriptor =
      ::socket(at.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const int yes = 1, no = 0;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (shared) ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
  if (at.address().is_v6()) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  if (::bind(descriptor, at.data(), static_cast<socklen_t>(at.size())) == 0 &&
      ::listen(descriptor, backlog) == 0)
    return descriptor;
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return -1;
}

// One connection that there is no memory for is no reason to take no others.
void welcome(Core& core, int descriptor, const sockaddr_storage& from, const OnAccept& onAccept) {
  try {
    onAccept(Stream(Socket(core.io, descriptor)), textOf(from));
  } catch (const std::exception& error) {
    log::error("a connection could not be taken", {{"error", error.what()}});
  }
}

}  // namespace

Result<int> listenAt(const Address& address, bool shared) {
  boost::system::error_code ec;
  const auto ip = asio::ip::make_address(address.host, ec);
  if (ec) return fail(address.host + " is not an IP address");
  int descriptor = open(tcp::endpoint(ip, address.port), shared);
  // Every address, on a kernel without IPv6.
  if (descriptor < 0 && errno == EAFNOSUPPORT && ip.is_unspecified())
    descriptor = open(tcp::endpoint(tcp::v4(), address.port), shared);
  if (descriptor < 0)
    return fail(fmt::format("cannot listen at {} port {}: {}", address.host, address.port,
                            std::strerror(errno)));
  return descriptor;
}

std::uint16_t portOf(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

Task<void> acceptAll(Core& core, int descriptor, OnAccept onAccept) {
  asio::posix::stream_descriptor watched(core.io, descriptor);
  asio::steady_timer pause(core.io);
  boost::system::error_code ec;
  while (true) {
    co_await watched.async_wait(asio::posix::stream_descriptor::wait_read,
                                asio::redirect_error(useAwaitable, ec));
    if (ec) co_return;
    int error = 0;
    for (int i = 0; i < acceptsAtOnce && error == 0; ++i) {
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const int accepted = ::accept4(descriptor, reinterpret_cast<sockaddr*>(&from), &size,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC);
      error = accepted < 0 ? errno : 0;
      if (accepted >= 0) welcome(core, accepted, from, onAccept);
    }
    if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM) continue;
    pause.expires_after(pauseWithoutDescriptors);
    co_await pause.async_wait(asio::redirect_error(useAwaitable, ec));
  }
}

}  // namespace bailiwick::sidecar
