#pragma once
// A connected TCP socket that is read and written directly and only waited for by the reactor.
//
// Asio's own reads cost one system call too many per event: after each they try once more, or ask
// the kernel to watch again. Here the socket stays registered (edge-triggered), and TCP_INQ says
// with each read whether anything is left, an end of stream included (docs/adr/0010).

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

#include "proxy/event_loop.hpp"

namespace bailiwick::sidecar {

struct Io {
  enum class Status { Done, Again, Eof, Failed };
  Status status = Status::Failed;
  std::size_t bytes = 0;

  bool done() const { return status == Status::Done; }
  bool again() const { return status == Status::Again; }
  // Nothing more will come.
  bool over() const { return status == Status::Eof || status == Status::Failed; }
};

class Socket {
 public:
  Socket() = default;
  // Takes a non-blocking descriptor.
  Socket(asio::io_context& io, int descriptor);
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  bool isOpen() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  void close();

  Io read(void* to, std::size_t size);
  Io write(const iovec* parts, int count);

  // Whether a read or a write may find something. While not, the listener will be told once it may.
  bool mayRead() const;
  bool mayWrite() const;
  // After a read or write of somebody else (TLS) found nothing.
  void readExhausted();
  void writeExhausted();
  void tell(ReadyListener* listener);

 private:
  struct Readiness;

  asio::io_context* io_ = nullptr;
  int descriptor_ = -1;
  bool knowsWhatIsLeft_ = false;
  Readiness* readiness_ = nullptr;  // outlives the socket while the reactor holds it
};

}  // namespace bailiwick::sidecar
