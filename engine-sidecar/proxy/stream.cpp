#include "proxy/stream.hpp"

#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t recordSize = 16384;

}  // namespace

void Stream::close() {
  ssl_.reset();
  socket_.close();
}

void Stream::shutdownSend() {
  if (ssl_) SSL_shutdown(ssl_.get());
  if (socket_.isOpen()) ::shutdown(socket_.descriptor(), SHUT_WR);
}

void Stream::startTls(SSL_CTX* context, bool server) {
  ERR_clear_error();
  ssl_.reset(SSL_new(context));
  if (!ssl_) return close();
  SSL_set_fd(ssl_.get(), socket_.descriptor());
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
  SSL_set_read_ahead(ssl_.get(), 1);
  if (server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

// Once the handshake is over nothing is renegotiated: a read that has to write first, or the other
// way round, is an error and not a wait for the wrong thing.
Io Stream::outcome(int result, Doing doing) {
  if (result > 0) return {Io::Status::Done, static_cast<std::size_t>(result)};
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      if (doing == Doing::Write) return {};
      socket_.readExhausted();
      return {Io::Status::Again, 0};
    case SSL_ERROR_WANT_WRITE:
      if (doing == Doing::Read) return {};
      socket_.writeExhausted();
      return {Io::Status::Again, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Io::Status::Eof, 0};
    default:
      return {};
  }
}

Io Stream::handshake() {
  if (!ssl_) return {};
  ERR_clear_error();
  return outcome(SSL_do_handshake(ssl_.get()), Doing::Handshake);
}

Io Stream::read(void* to, std::size_t size) {
  if (!ssl_) return socket_.read(to, size);
  ERR_clear_error();
  return outcome(SSL_read(ssl_.get(), to, static_cast<int>(size)), Doing::Read);
}

Io Stream::write(const iovec* parts, int count) {
  if (!ssl_) return socket_.write(parts, count);
  // One record of all parts, as one write is one packet.
  thread_local std::array<char, recordSize> record;
  std::size_t size = 0;
  for (int i = 0; i < count && size < record.size(); ++i) {
    const std::size_t part = std::min(parts[i].iov_len, record.size() - size);
    std::memcpy(record.data() + size, parts[i].iov_base, part);
    size += part;
  }
  ERR_clear_error();
  return outcome(SSL_write(ssl_.get(), record.data(), static_cast<int>(size)), Doing::Write);
}

Io Stream::peek() {
  char byte = 0;
  if (ssl_) {
    ERR_clear_error();
    return outcome(SSL_peek(ssl_.get(), &byte, 1), Doing::Read);
  }
  const ssize_t got = ::recv(socket_.descriptor(), &byte, 1, MSG_PEEK);
  if (got > 0) return {Io::Status::Done, 1};
  if (got == 0) return {Io::Status::Eof, 0};
  if (errno != EAGAIN) return {};
  socket_.readExhausted();
  return {Io::Status::Again, 0};
}

}  // namespace bailiwick::sidecar
