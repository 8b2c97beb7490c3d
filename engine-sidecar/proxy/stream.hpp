#pragma once
// A connection, plain or TLS, that is read and written as far as it goes without waiting.

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "proxy/socket.hpp"

namespace bailiwick::sidecar {

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class Stream {
 public:
  Stream() = default;
  explicit Stream(Socket socket) : socket_(std::move(socket)) {}

  bool isOpen() const { return socket_.isOpen(); }
  void close();
  // Ends what is sent and lets the other side read it.
  void shutdownSend();
  void tell(ReadyListener* listener) { socket_.tell(listener); }
  int descriptor() const { return socket_.descriptor(); }

  // Begins TLS on the connection. handshake() is then called until it is no longer Again.
  void startTls(SSL_CTX* context, bool server);
  SSL* ssl() const { return ssl_.get(); }
  Io handshake();

  Io read(void* to, std::size_t size);
  Io write(const iovec* parts, int count);
  // What a read would find, without taking it: Done where there is something.
  Io peek();
  // Whether the other side has gone, as far as one can see without taking what it sent.
  bool isGone() { return peek().over(); }

  bool mayRead() const { return socket_.mayRead(); }
  bool mayWrite() const { return socket_.mayWrite(); }
  // The listener is told of the next chance to write: of a connection that is being made, of
  // success or failure.
  void awaitWrite() { socket_.writeExhausted(); }

 private:
  enum class Doing { Handshake, Read, Write };
  Io outcome(int result, Doing doing);

  Socket socket_;
  std::unique_ptr<SSL, SslFree> ssl_;
};

}  // namespace bailiwick::sidecar
