// One attempt to have a request answered by one target: up to its answer's head.

#include "http/render.hpp"
#include "proxy/exchange.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr std::chrono::seconds connectTimeout{3};
constexpr std::uint64_t maxChunk = 65536;

Instant now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Task<Exchange::Outcome> Exchange::attempt(std::size_t index, bool fresh) {
  const Target& target = table_->routes.targets()[index];
  const Way& way = table_->ways[index];
  record_.backend = target.backend.name;
  record_.variant = target.variant;
  record_.region = target.region;
  accepted_ = false;
  reused_ = false;
  Outcome outcome = co_await reach(way, fresh);
  if (outcome != Outcome::Answered) co_return outcome;
  upstream_.tell(&session_.waiter);
  prepare(target, way);
  outcome = co_await transact();
  co_return outcome == Outcome::Answered ? weigh(target, index) : outcome;
}

// Answered once there is a connection.
Task<Exchange::Outcome> Exchange::reach(const Way& way, bool fresh) {
  fault_ = way.fault;
  if (!way.fault.empty()) co_return Outcome::Failed;
  upstream_ = fresh ? Stream() : core_.upstreams.take(way.endpoint.key);
  reused_ = upstream_.isOpen();
  if (reused_) co_return Outcome::Answered;
  const Instant last = timeout();
  session_.deadline.set(std::min(last, now() + connectTimeout));
  Connected connected =
      co_await connect(core_.io, way.endpoint, session_.waiter, session_.deadline, *this);
  session_.deadline.set(last);
  fault_ = std::move(connected.fault);
  upstream_ = std::move(connected.stream);
  if (upstream_.isOpen()) co_return Outcome::Answered;
  if (session_.isCut) co_return Outcome::Cut;
  if (stopped()) co_return Outcome::Gone;
  co_return now() < last ? Outcome::Failed : Outcome::Late;
}

// Where an answer says that its target could not serve at all, another one may do better; where
// there is none, this answer is what there is.
Exchange::Outcome Exchange::weigh(const Target& target, std::size_t index) {
  if (!isServerFault(answer_.head().status)) {
    target.health->succeeded();
    return Outcome::Answered;
  }
  Query others = query_;
  others.tried.set(index);
  granted_ = mayRetry(operation_, retryState()) &&
             table_->routes.select(others, core_.random, now()) && core_.plane.takeRetry();
  if (granted_) {
    fault_ = target.backend.name + " answered " + std::to_string(answer_.head().status);
    return Outcome::Failed;
  }
  target.health->failed(now());
  return Outcome::Answered;
}

// What goes out is decided here alone: nothing of routing, hops or keys is passed on as it came.
void Exchange::appendHead(std::string& text, const Target& target, const Way& way) {
  const bool relayed = !target.own && target.backend.kind != BackendKind::External;
  const bool isPeer = target.backend.kind == BackendKind::Peer;
  const bool gateway = core_.plane.isGateway();
  const http::BodyScanner* scanner = body_.scanner();
  body_.replaceModel(scanner && scanner->hasModel() && !target.model.empty()
                         ? std::optional(http::quoted(target.model))
                         : std::nullopt);
  const std::string path = pathAt(target.url, head().target.path);
  std::optional<Refusal> ignored;
  http::OutgoingRequest out;
  out.authority = way.authority;
  out.path = path;
  out.passAuthorization = config().keysFile.empty() && target.backend.kind != BackendKind::External;
  out.passResidency = relayed;
  out.passCookies = target.backend.kind == BackendKind::Engine;
  out.bearer = way.bearer;
  if (target.own) out.forwardedFor = session_.address;
  out.traceParent = trace_.text();
  out.passTraceState = trace_.continues();
  if (relayed) {
    out.deployment = isPeer ? std::string_view(table_->deployment) : std::string_view();
    out.hop = !isPeer ? std::string_view(table_->deployment) : gateway ? "1" : "";
    out.region = isPeer && !gateway ? std::string_view(target.region) : std::string_view();
    out.credential = clientCredential();
  }
  out.length = body_.outgoingLength();
  if (!head().hasBody() && !head().hasLength) out.length.reset();
  http::appendRequest(text, head(), out);
}

void Exchange::prepare(const Target& target, const Way& way) {
  session_.work->head.clear();
  appendHead(session_.work->head, target, way);
  chunkedOut_ = head().hasBody() && !body_.outgoingLength();
  headSent_ = 0;
  bodySent_ = 0;
  lastChunkSent_ = false;
  unsent_.clear();
  answer_.reset(head().method == "HEAD");
  answerHead_.clear();
}

// Sidecars of one deployment ask for the same keys, so that one passes the client's on to another,
// under a name of their own. Engines and providers never see it.
std::string_view Exchange::clientCredential() const {
  if (config().keysFile.empty() && !core_.plane.isGateway()) return {};
  std::optional<Refusal> refusal;
  const std::string_view relayed = routingHeader("x-bailiwick-authorization", refusal);
  if (core_.plane.isGateway()) return relayed;
  const http::Field* field = http::find(head().fields, http::Known::Authorization);
  return field ? field->value : relayed;
}

// Sends and receives at once: an answer may begin before the request has ended.
Task<Exchange::Outcome> Exchange::transact() {
  while (true) {
    if (!sendMore()) {
      // Whoever does not want the rest may have said why before it closed.
      if (const auto outcome = receiveMore(); outcome) co_return *outcome;
      fault_ = "the connection to the backend broke";
      co_return Outcome::Failed;
    }
    if (const auto outcome = uploadMore()) co_return *outcome;
    if (upstream_.mayRead()) {
      if (const auto outcome = receiveMore()) co_return *outcome;
      if (upstream_.mayRead()) continue;
    }
    if (upstream_.mayWrite() && !isSent()) continue;
    if (const auto outcome = interrupted()) co_return *outcome;
    setDeadline();
    co_await session_.waiter.wait();
    if (const auto outcome = interrupted()) co_return *outcome;
  }
}

void Exchange::setDeadline() {
  const Instant last = timeout();
  session_.deadline.set(awaitsBody_ ? std::min(last, now() + config().limits.idleTimeout) : last);
}

// All that there is to send at present.
bool Exchange::isSent() const {
  iovec parts[3];
  return headSent_ == session_.work->head.size() && unsent_.empty() &&
         body_.gather(bodySent_, maxChunk, parts) == 0 &&
         !(chunkedOut_ && body_.complete() && !lastChunkSent_);
}

// False once the connection is broken.
bool Exchange::sendMore() {
  while (upstream_.mayWrite() && !isSent()) {
    if (chunkedOut_) {
      if (!sendChunk()) return false;
      continue;
    }
    const std::string& out = session_.work->head;
    iovec parts[4];
    int count = 0;
    const std::size_t headLeft = out.size() - headSent_;
    if (headLeft > 0) parts[count++] = {const_cast<char*>(out.data() + headSent_), headLeft};
    count += body_.gather(bodySent_, ~std::uint64_t{0}, parts + count);
    const Io io = upstream_.write(parts, count);
    if (io.over()) return false;
    accepted_ = accepted_ || io.bytes > 0;
    const std::size_t ofHead = std::min(io.bytes, headLeft);
    headSent_ += ofHead;
    bodySent_ += io.bytes - ofHead;
    body_.sentUpTo(bodySent_);
  }
  return true;
}

// One chunk of what has been received. What does not go out at once is kept, so that sizes stay
// true.
bool Exchange::sendChunk() {
  if (unsent_.empty()) {
    unsent_.append(session_.work->head, headSent_);
    headSent_ = session_.work->head.size();
    iovec parts[3];
    const int count = body_.gather(bodySent_, maxChunk, parts);
    std::uint64_t size = 0;
    for (int i = 0; i < count; ++i) size += parts[i].iov_len;
    if (size > 0) unsent_.append(http::ChunkSizeLine(size).text());
    for (int i = 0; i < count; ++i)
      unsent_.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    if (size > 0) unsent_.append("\r\n");
    bodySent_ += size;
    body_.sentUpTo(bodySent_);
    if (body_.endsAt(bodySent_)) {
      unsent_.append(http::lastChunk);
      lastChunkSent_ = true;
    }
  }
  const iovec part{unsent_.data(), unsent_.size()};
  const Io io = upstream_.write(&part, 1);
  if (io.over()) return false;
  accepted_ = accepted_ || io.bytes > 0;
  unsent_.erase(0, io.bytes);
  return true;
}

// What the client has sent meanwhile, while there is room for it.
std::optional<Exchange::Outcome> Exchange::uploadMore() {
  awaitsBody_ = false;
  while (!body_.complete()) {
    const RequestBody::Pulled pulled = body_.pull(session_.client);
    awaitsBody_ = pulled == RequestBody::Pulled::Again;
    refusal_ = bodyRefusal(pulled);
    if (!refusal_) refusal_ = checkModel();
    if (refusal_) return Outcome::Refused;
    if (pulled == RequestBody::Pulled::Gone) return Outcome::Gone;
    if (pulled != RequestBody::Pulled::Progress) break;
    if (!sendMore()) break;
  }
  return std::nullopt;
}

std::optional<Exchange::Outcome> Exchange::receiveMore() {
  auto& scratch = core_.scratch;
  const Io io = upstream_.read(scratch.data(), scratch.size());
  if (io.again()) return std::nullopt;
  if (io.over()) {
    fault_ = "the backend closed the connection without an answer";
    return Outcome::Failed;
  }
  reused_ = false;  // a failure from here on is not one of an old connection
  std::string_view bytes(scratch.data(), io.bytes);
  if (!answerHead_.empty()) bytes = answerHead_.append(bytes);
  switch (answer_.parse(bytes)) {
    case http::ResponseParser::Step::Done:
      firstBytes_ = bytes.substr(answer_.size());
      return Outcome::Answered;
    case http::ResponseParser::Step::Failed:
      fault_ = "the backend's answer is malformed: " + std::string(http::describe(answer_.fault()));
      return Outcome::Failed;
    case http::ResponseParser::Step::More:
      if (answerHead_.empty()) answerHead_ = bytes;
      return std::nullopt;
  }
  return std::nullopt;
}

// Asked where there is nothing else to do.
std::optional<Exchange::Outcome> Exchange::interrupted() {
  if (session_.isCut) return Outcome::Cut;
  if (session_.deadline.passed() && awaitsBody_) {
    refusal_ = bodyLate();
    return Outcome::Refused;
  }
  if (session_.deadline.passed()) return Outcome::Late;
  // What has been received of the next request is no sign of going.
  if (body_.complete() && session_.client.mayRead() && session_.client.isGone())
    return Outcome::Gone;
  return std::nullopt;
}

Attempt Exchange::retryState() const {
  return {.accepted = accepted_, .answerStarted = false, .copyComplete = body_.isKept()};
}

bool Exchange::mayTryAgain() {
  if (std::exchange(granted_, false)) return true;
  return mayRetry(operation_, retryState()) && core_.plane.takeRetry();
}

}  // namespace bailiwick::sidecar
