#include "proxy/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/detail/epoll_reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/version.hpp>
#include <cerrno>
#include <cstring>

// The reactor is an implementation detail of Boost.Asio: this file knows the one of this version.
static_assert(BOOST_VERSION == 107400, "written against the reactor of Boost.Asio 1.74");

namespace bailiwick::sidecar {
namespace {

namespace detail = boost::asio::detail;
using Reactor = detail::epoll_reactor;

Reactor& reactorOf(asio::io_context& io) {
  return asio::use_service<Reactor>(io);
}

}  // namespace

struct Socket::Readiness {
  struct Op final : detail::reactor_op {
    Op(Readiness* owner, bool* mark)
        : reactor_op({}, &Op::perform, &Op::complete), readiness(owner), may(mark) {}

    // Readiness is all there is to wait for: the event is used up, the reading is done elsewhere.
    static status perform(reactor_op*) { return done_and_exhausted; }
    static void complete(void* owner, detail::operation* base, const boost::system::error_code&,
                         std::size_t) {
      Op* op = static_cast<Op*>(base);
      op->pending = false;
      *op->may = true;
      op->readiness->completed(owner != nullptr);
    }

    Readiness* readiness;
    bool* may;
    bool pending = false;
  };

  void arm(Op& op, int kind, int descriptor) {
    if (op.pending) return;
    op.pending = true;
    reactor->start_op(kind, descriptor, data, &op, true, true);
  }
  void completed(bool running) {
    if (abandoned) {
      if (!readOp.pending && !writeOp.pending) delete this;
    } else if (running && listener) {
      listener->ready();
    }
  }

  Reactor* reactor = nullptr;
  Reactor::per_descriptor_data data = nullptr;
  ReadyListener* listener = nullptr;
  bool mayRead = true;
  bool mayWrite = true;
  bool abandoned = false;
  Op readOp{this, &mayRead};
  Op writeOp{this, &mayWrite};
};

Socket::Socket(asio::io_context& io, int descriptor) : io_(&io), descriptor_(descriptor) {
  const int yes = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  knowsWhatIsLeft_ = ::setsockopt(descriptor, IPPROTO_TCP, TCP_INQ, &yes, sizeof yes) == 0;
  readiness_ = new Readiness;
  readiness_->reactor = &reactorOf(io);
  readiness_->reactor->init_task();
  if (readiness_->reactor->register_descriptor(descriptor, readiness_->data) != 0) close();
}

Socket::Socket(Socket&& other) noexcept
    : io_(other.io_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      knowsWhatIsLeft_(other.knowsWhatIsLeft_),
      readiness_(std::exchange(other.readiness_, nullptr)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(io_, other.io_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(knowsWhatIsLeft_, other.knowsWhatIsLeft_);
  std::swap(readiness_, other.readiness_);
  return *this;
}

Socket::~Socket() {
  close();
}

void Socket::close() {
  if (descriptor_ < 0) return;
  readiness_->reactor->deregister_descriptor(descriptor_, readiness_->data, true);
  ::close(std::exchange(descriptor_, -1));
  readiness_->reactor->cleanup_descriptor_data(readiness_->data);
  readiness_->listener = nullptr;
  readiness_->abandoned = true;
  Readiness* readiness = std::exchange(readiness_, nullptr);
  if (!readiness->readOp.pending && !readiness->writeOp.pending) delete readiness;
}

Io Socket::read(void* to, std::size_t size) {
  if (descriptor_ < 0) return {};
  iovec part{to, size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = knowsWhatIsLeft_ ? sizeof control : 0;
  ssize_t got = 0;
  do got = ::recvmsg(descriptor_, &message, 0);
  while (got < 0 && errno == EINTR);
  if (got == 0) return {Io::Status::Eof, 0};
  if (got < 0) {
    if (errno != EAGAIN) return {};
    readExhausted();
    return {Io::Status::Again, 0};
  }
  if (const cmsghdr* note = knowsWhatIsLeft_ ? CMSG_FIRSTHDR(&message) : nullptr) {
    int left = 0;
    std::memcpy(&left, CMSG_DATA(note), sizeof left);
    if (note->cmsg_type == TCP_CM_INQ && left == 0) readExhausted();
  }
  return {Io::Status::Done, static_cast<std::size_t>(got)};
}

Io Socket::write(const iovec* parts, int count) {
  if (descriptor_ < 0) return {};
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<std::size_t>(count);
  ssize_t sent = 0;
  do sent = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent >= 0) return {Io::Status::Done, static_cast<std::size_t>(sent)};
  if (errno != EAGAIN) return {};
  writeExhausted();
  return {Io::Status::Again, 0};
}

bool Socket::mayRead() const {
  return readiness_ && readiness_->mayRead;
}
bool Socket::mayWrite() const {
  return readiness_ && readiness_->mayWrite;
}

void Socket::readExhausted() {
  if (descriptor_ < 0) return;
  readiness_->mayRead = false;
  readiness_->arm(readiness_->readOp, Reactor::read_op, descriptor_);
}

void Socket::writeExhausted() {
  if (descriptor_ < 0) return;
  readiness_->mayWrite = false;
  readiness_->arm(readiness_->writeOp, Reactor::write_op, descriptor_);
}

void Socket::tell(ReadyListener* listener) {
  if (readiness_) readiness_->listener = listener;
}

}  // namespace bailiwick::sidecar
