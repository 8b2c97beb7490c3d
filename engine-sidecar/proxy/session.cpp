#include "proxy/session.hpp"

#include "http/render.hpp"
#include "log/log.hpp"
#include "proxy/exchange.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr std::chrono::seconds lingerFor{2};
constexpr std::size_t lingerBytes = std::size_t{1} << 20;

Instant now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

std::string jsonAnswer(int status, std::string_view body, std::string_view headers, bool close) {
  std::string out;
  out.reserve(body.size() + headers.size() + 160);
  http::appendStatusLine(out, status);
  out.append("Content-Type: application/json\r\n").append(headers).append("Content-Length: ");
  http::appendNumber(out, body.size());
  out.append(close ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n").append(body);
  return out;
}

std::string answerOf(const Refusal& refusal, bool close) {
  std::string headers;
  if (refusal.retryAfter) {
    headers = "Retry-After: " + std::to_string(refusal.retryAfter->count()) + "\r\n";
  }
  if (refusal.code == Code::InvalidKey) headers += "WWW-Authenticate: Bearer\r\n";
  return jsonAnswer(statusOf(refusal.code), errorBody(refusal), headers, close);
}

Session::Session(Core& owner, Stream stream, const ServerCertificates* certificates, Door from,
                 std::string who)
    : core(owner),
      client(std::move(stream)),
      door(from),
      address(std::move(who)),
      waiter(owner.waiters),
      deadline(waiter),
      certificates_(certificates),
      tls_(certificates ? certificates->get() : nullptr) {
  client.tell(&waiter);
  core.deadlines.add(deadline);
  core.sessions.push(*this);
}

Session::~Session() {
  if (work) core.giveWorkspace(std::move(work));
}

Task<void> Session::serve(Core& core, Stream client, const ServerCertificates* certificates,
                          Door door, std::string address) {
  try {
    Session session(core, std::move(client), certificates, door, std::move(address));
    co_await session.run();
  } catch (const std::exception& error) {
    log::error("a session ended with an error", {{"error", error.what()}});
  }
}

void Session::cut() {
  isCut = true;
  waiter.ready();
}

Task<void> Session::run() {
  deadline.set(now() + core.plane.config.limits.headerTimeout);
  if (tls_ && !co_await shakeHands()) co_return;
  while (true) {
    const Heard heard = co_await hear();
    if (heard == Heard::Nothing) co_return;
    if (heard == Heard::Malformed) {
      co_await refuseMalformed();
      co_return co_await linger();
    }
    bool again = false;
    {
      Exchange exchange(*this);
      again = co_await exchange.run();
    }
    served_ = true;
    if (!client.isOpen()) co_return;
    if (!again) co_return co_await linger();
    if (work) {
      work->reset();
      work->in.compact();
    }
    deadline.set(now() + core.plane.config.limits.idleTimeout);
  }
}

Task<bool> Session::shakeHands() {
  client.startTls(tls_.get(), true);
  Io io;
  while ((io = client.handshake()).again()) {
    co_await waiter.wait();
    if (isCut || deadline.passed()) co_return false;
  }
  if (!io.done()) co_return false;
  co_return door != Door::Peers || !regionOfPeer(client.ssl()).empty();
}

// Reads until there is a head. An idle connection has no buffer.
Task<Session::Heard> Session::hear() {
  bool begun = false;
  while (true) {
    if (work && !work->in.view().empty()) {
      switch (work->parser.parse(work->in.view())) {
        case http::RequestParser::Step::Done:
          co_return Heard::Request;
        case http::RequestParser::Step::Failed:
          co_return Heard::Malformed;
        case http::RequestParser::Step::More:
          break;
      }
      if (!begun) deadline.set(now() + core.plane.config.limits.headerTimeout);
      begun = true;
    }
    if (isCut || (isIdle() && isOutdated())) co_return Heard::Nothing;
    if (deadline.passed()) co_return isIdle() ? Heard::Nothing : Heard::Malformed;
    if (client.mayRead()) {
      if (!readSome()) co_return Heard::Nothing;
      continue;
    }
    // A new connection is still told why it is not served.
    if (served_ && isIdle() && core.plane.refuses()) co_return Heard::Nothing;
    if (work && isIdle()) core.giveWorkspace(std::move(work));
    co_await waiter.wait();
  }
}

// False once the client has gone.
bool Session::readSome() {
  if (!work) work = core.takeWorkspace();
  InBuffer& in = work->in;
  if (in.room() < 1024) in.grow(in.capacity * 2);
  const Io io = client.read(in.bytes.get() + in.end, in.room());
  if (io.done()) in.end += io.bytes;
  return !io.over();
}

Task<void> Session::refuseMalformed() {
  const http::Fault fault = work->parser.fault();
  const bool late = fault == http::Fault::None;
  Refusal refusal;
  refusal.code = http::headTooLarge(fault) ? Code::HeadersTooLarge : Code::BadRequest;
  refusal.message =
      late ? "the request's head did not arrive in time" : std::string(http::describe(fault));
  Record record;
  record.status = statusOf(refusal.code);
  record.code = nameOf(refusal.code);
  record.end = End::Refused;
  core.tell(Operation::Unknown, record);
  co_await refuse(refusal, true);
}

Task<bool> Session::send(std::string bytes) {
  std::string_view left = bytes;
  deadline.set(now() + core.plane.config.limits.idleTimeout);
  while (!left.empty()) {
    const iovec part{const_cast<char*>(left.data()), left.size()};
    const Io io = client.write(&part, 1);
    if (io.over()) co_return false;
    left.remove_prefix(io.bytes);
    while (io.again() && !client.mayWrite()) {
      co_await waiter.wait();
      if (isCut || deadline.passed()) co_return false;
    }
  }
  co_return true;
}

Task<bool> Session::refuse(const Refusal& refusal, bool close) {
  co_return co_await send(answerOf(refusal, close));
}

// What the client has still under way would reset the connection, and with it the answer that it
// has not read yet.
Task<void> Session::linger() {
  client.shutdownSend();
  deadline.set(now() + lingerFor);
  std::size_t thrown = 0;
  while (thrown < lingerBytes && !deadline.passed() && !isCut) {
    if (!client.mayRead()) {
      co_await waiter.wait();
      continue;
    }
    const Io io = client.read(core.scratch.data(), core.scratch.size());
    if (io.over()) break;
    thrown += io.bytes;
  }
  client.close();
}

}  // namespace bailiwick::sidecar
