#include "proxy/fetch.hpp"

#include "http/chunked.hpp"
#include "http/response_parser.hpp"

namespace bailiwick::sidecar {
namespace {

using Body = http::ResponseHead::Body;

constexpr std::size_t pieceSize = 16384;

// The body of one answer as it comes.
class BodyReader {
 public:
  BodyReader(const http::ResponseHead& head, Fetched& result, const OnBody& onBody)
      : head_(head), left_(head.length), result_(result), onBody_(onBody) {
    ended_ = head.body == Body::None || (head.body == Body::Length && head.length == 0);
  }

  // False where nothing more is wanted or expected.
  bool take(std::string_view bytes) {
    while (!bytes.empty() && !ended_) {
      std::string_view data = bytes;
      if (head_.body == Body::Chunked) {
        data = decoder_.next(bytes);
        if (decoder_.fault() != http::Fault::None) return false;
        ended_ = decoder_.done();
      } else {
        if (head_.body == Body::Length) {
          data = bytes.substr(
              0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
        }
        left_ -= std::min<std::uint64_t>(left_, data.size());
        ended_ = head_.body == Body::Length && left_ == 0;
        bytes.remove_prefix(data.size());
      }
      result_.bytes += data.size();
      if (!data.empty() && !onBody_(head_.status, data)) return false;
    }
    return !ended_;
  }
  bool ended() const { return ended_; }
  void closed() { ended_ = ended_ || head_.body == Body::UntilClose; }

 private:
  const http::ResponseHead& head_;
  std::uint64_t left_;
  bool ended_;
  http::ChunkDecoder decoder_;
  Fetched& result_;
  const OnBody& onBody_;
};

}  // namespace

Task<Fetched> fetch(Core& core, const Endpoint& endpoint, std::string request,
                    std::chrono::milliseconds timeout, bool idle, OnBody onBody) {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  Fetched result;
  Waiter waiter(core.waiters);
  Deadline deadline(waiter);
  core.deadlines.add(deadline);
  deadline.set(now() + timeout);
  NeverStopped never;
  Connected connected = co_await connect(core.io, endpoint, waiter, deadline, never);
  result.fault = connected.fault;
  result.refused = connected.refused;
  Stream& stream = connected.stream;
  if (!stream.isOpen()) co_return result;
  stream.tell(&waiter);
  std::string head;
  std::size_t sent = 0;
  http::ResponseParser parser({std::size_t{64} << 10, 200});
  std::optional<BodyReader> body;
  std::string piece(pieceSize, '\0');
  while (!deadline.passed()) {
    while (sent < request.size() && stream.mayWrite()) {
      const iovec part{request.data() + sent, request.size() - sent};
      const Io io = stream.write(&part, 1);
      if (io.over()) break;
      sent += io.bytes;
    }
    if (!stream.mayRead()) {
      co_await waiter.wait();
      continue;
    }
    const Io io = stream.read(piece.data(), piece.size());
    if (io.over() && body) body->closed();
    if (io.over()) break;
    if (!io.done()) continue;
    if (idle) deadline.set(now() + timeout);
    std::string_view bytes(piece.data(), io.bytes);
    if (!body) {
      const auto step = parser.parse(head.append(bytes));
      if (step == http::ResponseParser::Step::Failed) break;
      if (step == http::ResponseParser::Step::More) continue;
      result.status = parser.head().status;
      body.emplace(parser.head(), result, onBody);
      bytes = std::string_view(head).substr(parser.size());
    }
    if (!body->take(bytes)) break;
  }
  result.whole = body && body->ended();
  if (!result.whole && result.fault.empty()) result.fault = "no whole answer came in time";
  co_return result;
}

}  // namespace bailiwick::sidecar
