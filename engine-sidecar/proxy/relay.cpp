// The answer on its way back: each piece goes out as it came in, from the thread's own buffer; only
// what the client does not take at once is kept.

#include "proxy/exchange.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "http/chars.hpp"
#include "http/render.hpp"

namespace bailiwick::sidecar {
namespace {

using Body = http::ResponseHead::Body;

constexpr int maxParts = 64;
constexpr int fairReads = 16;  // of one answer, before others have their turn

Instant now() {
  return std::chrono::steady_clock::now();
}

bool isEventStream(const http::ResponseHead& head) {
  const http::Field* type = http::find(head.fields, http::Known::ContentType);
  return type && http::startsNoCase(type->value, "text/event-stream");
}

iovec partOf(std::string_view text) {
  return {const_cast<char*>(text.data()), text.size()};
}

}  // namespace

// Everything of the request goes back before the answer's body: a stream may last for minutes.
void Exchange::beginAnswer(const Way& way) {
  const http::ResponseHead& answer = answer_.head();
  const int minorVersion = head().minorVersion;
  record_.status = answer.status;
  firstByteAt_ = lastPieceAt_ = now();
  isEvents_ = isEventStream(answer);
  record_.stream = isEvents_;
  left_ = answer.length;
  decoder_.reset();
  chunkedBack_ =
      minorVersion == 1 && (answer.body == Body::Chunked || answer.body == Body::UntilClose);
  const bool endsByClose =
      !chunkedBack_ && answer.body != Body::Length && answer.body != Body::None;
  closes_ = !head().keepAlive || !body_.complete() || endsByClose || core_.plane.refuses();
  std::string& out = session_.work->head;
  out.clear();
  http::appendResponse(out, answer,
                       {.answerHeaders = way.answerHeaders,
                        .chunked = chunkedBack_,
                        .length = answer.body == Body::Length ? std::optional(left_) : std::nullopt,
                        .connection = closes_             ? "close"
                                      : minorVersion == 0 ? "keep-alive"
                                                          : ""});
  answerDone_ = answer.body == Body::None || (answer.body == Body::Length && left_ == 0);
}

// Without a wait: what cannot be written now is kept for later.
void Exchange::sendParts(const iovec* parts, int count) {
  Io io{Io::Status::Again, 0};
  if (pending_.empty() && session_.client.mayWrite()) io = session_.client.write(parts, count);
  if (io.over()) clientGone_ = true;
  std::size_t skip = io.bytes;
  for (int i = 0; i < count; ++i) {
    const std::size_t gone = std::min(skip, parts[i].iov_len);
    skip -= gone;
    pending_.append(static_cast<const char*>(parts[i].iov_base) + gone, parts[i].iov_len - gone);
  }
}

void Exchange::flushPending() {
  while (!pending_.empty() && session_.client.mayWrite() && !clientGone_) {
    const iovec part = partOf(pending_);
    const Io io = session_.client.write(&part, 1);
    if (io.over()) clientGone_ = true;
    pending_.erase(0, io.bytes);
  }
  if (pending_.empty() && pending_.capacity() > 0) std::string().swap(pending_);
}

// Bytes of the answer's body as the upstream framed them, in one write together with the head where
// that is still to go.
void Exchange::passOn(std::string_view bytes) {
  do bytes = passSome(bytes);
  while (!bytes.empty() && !answerDone_ && !answerBroken_ && !clientGone_);
  // More than the answer: the upstream and we disagree on where it ends.
  if (!bytes.empty()) upstreamKeeps_ = false;
}

// As much as one write takes; returns the rest.
std::string_view Exchange::passSome(std::string_view bytes) {
  iovec parts[maxParts];
  int count = 0;
  std::string* headOut = session_.work ? &session_.work->head : nullptr;
  const bool withHead = headOut && !headOut->empty();
  if (withHead) parts[count++] = partOf(*headOut);
  const int sizeAt = count++;
  std::uint64_t size = 0;
  const auto add = [&](std::string_view data) {
    if (data.empty()) return;
    size += data.size();
    parts[count++] = partOf(data);
  };
  const Body body = answer_.head().body;
  if (body == Body::Chunked) {
    while (!bytes.empty() && count < maxParts - 2 && !decoder_.done() &&
           decoder_.fault() == http::Fault::None)
      add(decoder_.next(bytes));
    answerBroken_ = decoder_.fault() != http::Fault::None;
    answerDone_ = decoder_.done();
  } else if (body == Body::Length) {
    const auto part =
        bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
    add(part);
    bytes.remove_prefix(part.size());
    left_ -= part.size();
    answerDone_ = left_ == 0;
  } else if (body == Body::UntilClose) {
    add(bytes);
    bytes = {};
  }
  record_.responseBytes += size;
  const http::ChunkSizeLine line(size);
  parts[sizeAt] = partOf(chunkedBack_ && size > 0 ? line.text() : std::string_view());
  if (chunkedBack_ && size > 0) parts[count++] = partOf("\r\n");
  if (chunkedBack_ && answerDone_) parts[count++] = partOf(http::lastChunk);
  if (withHead || count > sizeAt + 1) sendParts(parts, count);
  if (withHead) headOut->clear();
  return bytes;
}

// What the client did not take at once goes first; a client that takes nothing for too long has
// gone.
void Exchange::flushOrStall() {
  const Instant last = timeout();
  const bool stalled = stalled_;
  flushPending();
  stalled_ = !pending_.empty();
  if (stalled_ && !stalled)
    session_.deadline.set(std::min(last, now() + config().limits.idleTimeout));
  if (stalled && !stalled_) session_.deadline.set(last);
}

// At most one read; whether there may be more at once.
bool Exchange::moveAnswer() {
  if (!pending_.empty()) flushOrStall();
  if (!pending_.empty() || answerDone_ || answerBroken_ || !upstream_.mayRead()) return false;
  const Io io = upstream_.read(core_.scratch.data(), core_.scratch.size());
  if (io.over()) upstreamOver(io);
  if (!io.done()) return false;
  if (isEvents_) noteGap();
  passOn({core_.scratch.data(), io.bytes});
  return true;
}

// Why the answer has to end before its end.
std::optional<Refusal> Exchange::answerFault(const Target& target) {
  if (answerBroken_) {
    target.health->failed(now());
    ending_ = Ending::Cut;
    return brokenOff();
  }
  if (session_.isCut) return whyNot(Outcome::Cut);
  if (session_.deadline.passed() && !stalled_) return whyNot(Outcome::Late);
  return std::nullopt;
}

Task<bool> Exchange::relay(const Target& target, const Way& way) {
  upstreamKeeps_ = answer_.head().keepAlive && isSent();
  beginAnswer(way);
  passOn(firstBytes_);
  firstBytes_ = {};
  maybeCopy();
  maybeRelease();
  session_.deadline.set(timeout());
  for (int inRow = 1;; ++inRow) {
    const bool moved = moveAnswer();
    if (clientGone_ || (answerDone_ && pending_.empty())) break;
    if (moved && inRow % fairReads == 0) co_await asio::post(core_.io, useAwaitable);
    if (moved) continue;
    if (const std::optional<Refusal> why = answerFault(target)) co_return co_await breakOff(*why);
    clientGone_ =
        session_.deadline.passed() || (session_.client.mayRead() && session_.client.isGone());
    if (clientGone_) break;
    if (pending_.empty() && upstream_.mayRead()) continue;
    co_await session_.waiter.wait();
  }
  co_return endRelay(way);
}

void Exchange::noteGap() {
  const Instant at = now();
  core_.tally.backend(record_.backend).betweenEvents.add(at - lastPieceAt_);
  lastPieceAt_ = at;
}

// A share of requests goes to the baseline as well, where the law of the request allows it. Only
// what is there as a whole is copied, within the memory for copies.
void Exchange::maybeCopy() {
  const Routes& routes = table_->routes;
  const Target* baseline = routes.shadow();
  if (!baseline || query_.hopped || query_.stale || !body_.complete() || !body_.isKept()) return;
  if (!sampled(routes.table().shadow->percent, operation_, core_.random)) return;
  const auto& countries = query_.law.jurisdictions;
  if (!countries.empty() &&
      std::find(countries.begin(), countries.end(), baseline->jurisdiction) == countries.end())
    return;
  const auto index = static_cast<std::size_t>(baseline - routes.targets().data());
  const Way& way = table_->ways[index];
  std::string request;
  appendHead(request, *baseline, way);
  iovec parts[3];
  const int count = body_.gather(0, ~std::uint64_t{0}, parts);
  const auto size = request.size() + body_.outgoingLength().value_or(0);
  auto copy = ShadowCopy::make(core_, size);
  if (!copy || !way.fault.empty()) return core_.tally.shadowDropped.add();
  for (int i = 0; i < count; ++i)
    request.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  core_.tally.shadowRequests.add();
  shadow_ = copy;
  ShadowCopy::send(copy, table_, index, std::move(request));
}

// The end of an answer that its close ends; of any other, a break.
void Exchange::upstreamOver(const Io& io) {
  const bool ends = answer_.head().body == Body::UntilClose && io.status == Io::Status::Eof;
  if (!ends) {
    answerBroken_ = true;
    return;
  }
  answerDone_ = true;
  const iovec part = partOf(http::lastChunk);
  if (chunkedBack_) sendParts(&part, 1);
}

// A stream waits without a buffer, unless the next request is in it already.
void Exchange::maybeRelease() {
  std::string().swap(answerHead_);
  if (answerDone_ || !body_.complete()) return;
  if (session_.work->in.begin == session_.work->in.end)
    core_.giveWorkspace(std::move(session_.work));
}

bool Exchange::endRelay(const Way& way) {
  const bool whole = answerDone_ && pending_.empty() && !clientGone_;
  if (clientGone_) record_.end = End::ClientGone;
  finish();
  if (answerDone_ && upstreamKeeps_)
    core_.upstreams.give(way.endpoint.key, std::move(upstream_), now());
  upstream_.close();
  if (!whole) session_.client.close();
  return whole && !closes_;
}

// The answer has begun, so that its status stands: a stream of events gets one that says what
// happened, everything else an end that is none.
Task<bool> Exchange::breakOff(const Refusal& why) {
  upstream_.close();
  record_.code = nameOf(why.code);
  record_.end = why.code == Code::Draining ? End::Cut : End::Broken;
  finish();
  if (isEvents_ && (chunkedBack_ || answer_.head().body == Body::UntilClose)) {
    const std::string event = errorEvent(why);
    std::string last = std::move(pending_);
    if (chunkedBack_) last.append(http::ChunkSizeLine(event.size()).text());
    last.append(event);
    if (chunkedBack_) last.append("\r\n").append(http::lastChunk);
    if (co_await session_.send(std::move(last))) co_return false;
  }
  session_.client.close();
  co_return false;
}

}  // namespace bailiwick::sidecar
