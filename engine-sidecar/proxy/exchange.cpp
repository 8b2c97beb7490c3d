#include "proxy/exchange.hpp"

#include "http/render.hpp"

namespace bailiwick::sidecar {
namespace {

Instant now() {
  return std::chrono::steady_clock::now();
}

std::string_view traceParentOf(const http::RequestHead& head) {
  const http::Field* field = http::find(head.fields, http::Known::TraceParent);
  return field ? field->value : std::string_view();
}

std::chrono::microseconds since(Instant begun, Instant at) {
  return std::chrono::duration_cast<std::chrono::microseconds>(at - begun);
}

}  // namespace

Exchange::Exchange(Session& session)
    : session_(session),
      core_(session.core),
      begun_(now()),
      trace_(traceParentOf(session.work->parser.head()), core_.random),
      answer_({std::size_t{64} << 10, 200}) {}

// However the session ends, the place is given back.
Exchange::~Exchange() {
  if (place_) core_.plane.leave(*place_, ending_, now());
}

std::int64_t Exchange::maxBodySize() const {
  const auto& ofTable = table_->routes.table().limits;
  return ofTable ? ofTable->maxBodySize : config().limits.maxBodySize;
}

Instant Exchange::timeout() const {
  const auto& ofTable = table_->routes.table().limits;
  return begun_ + (ofTable ? ofTable->requestTimeout : config().limits.requestTimeout);
}

bool Exchange::stopped() {
  return session_.isCut || (session_.client.mayRead() && session_.client.isGone());
}

Task<bool> Exchange::run() {
  Workspace& work = *session_.work;
  work.in.begin += work.parser.size();
  operation_ = core_.plane.paths.find(head().method, head().target.path);
  if (auto refusal = judge()) co_return co_await refuse(*refusal);
  body_.begin(head(), work.in,
              {.maxSize = static_cast<std::uint64_t>(maxBodySize()),
               .copies = &core_.plane.copies,
               .readAhead = &core_.plane.readAhead},
              scansBody());
  // A gateway's answer is that of a sidecar, so that it tells whether the deployment is served.
  if (operation_ == Operation::Models && !core_.plane.isGateway()) co_return co_await answerModels();
  if (auto refusal = co_await findPlace()) co_return co_await refuse(*refusal);
  session_.deadline.set(timeout());
  if (auto refusal = co_await readAhead()) co_return co_await refuse(*refusal);
  if (!session_.client.isOpen()) {
    gone();
    co_return false;
  }
  co_return co_await serve();
}

// Which models: there is one table, and so one.
Task<bool> Exchange::answerModels() {
  const std::string& name = table_->routes.table().servedName;
  std::string model = "{\"id\":";
  http::appendQuoted(model, name);
  model += ",\"object\":\"model\",\"created\":0,\"owned_by\":\"bailiwick\"}";
  constexpr std::string_view all = "/v1/models";
  const std::string_view path = head().target.path;
  if (path != all && path.substr(all.size() + 1) != name) {
    const Refusal unknown = unknownModel(path.substr(all.size() + 1));
    co_return co_await refuse(unknown);
  }
  if (path == all) model = "{\"object\":\"list\",\"data\":[" + model + "]}";
  const bool close = !head().keepAlive || !body_.complete();
  record_.status = 200;
  record_.responseBytes = model.size();
  finish();
  co_return co_await session_.send(jsonAnswer(200, model, "", close)) && !close;
}

// In the queue until a place is free. A client that goes away leaves it.
Task<std::optional<Refusal>> Exchange::findPlace() {
  place_ = std::make_shared<Place>(core_.io, &session_.waiter);
  if (auto refusal = core_.plane.enter(record_.key, place_, begun_)) {
    place_.reset();
    co_return refusal;
  }
  if (place_->state == Place::State::Admitted) co_return std::nullopt;
  session_.deadline.clear();
  while (place_->state == Place::State::Waiting) {
    co_await session_.waiter.wait();
    if (place_->state != Place::State::Waiting) break;
    if (session_.client.mayRead() && session_.client.isGone()) session_.client.close();
    if (session_.isCut || !session_.client.isOpen()) {
      if (session_.isCut) ending_ = Ending::Cut;
      session_.client.close();
      co_return std::nullopt;
    }
  }
  core_.tally.queued.add(now() - begun_);
  if (place_->state == Place::State::Expired) co_return core_.plane.expired();
  co_return std::nullopt;
}

std::optional<Refusal> Exchange::bodyRefusal(RequestBody::Pulled pulled) const {
  switch (pulled) {
    case RequestBody::Pulled::Malformed:
      return Refusal{Code::BadRequest, std::string(http::describe(body_.fault())), {}};
    case RequestBody::Pulled::TooLarge:
      return Refusal{Code::TooLarge,
                     "the body is longer than the " + std::to_string(maxBodySize()) +
                         " bytes that are allowed",
                     {}};
    case RequestBody::Pulled::OverLimit:
      return Refusal{Code::OverLimit,
                     "no memory is left to look for \"model\"; put it first in the body",
                     std::chrono::seconds(1)};
    default:
      return std::nullopt;
  }
}

Refusal Exchange::bodyLate() {
  return {Code::BadRequest, "the request's body did not arrive in time", {}};
}

// As much of the body as finding its model takes. The client is closed where it went away.
Task<std::optional<Refusal>> Exchange::readAhead() {
  if (head().expectsContinue && !body_.complete() && session_.client.isOpen() &&
      !co_await session_.send("HTTP/1.1 100 Continue\r\n\r\n"))
    session_.client.close();
  while (session_.client.isOpen()) {
    if (auto refusal = checkModel()) co_return refusal;
    if (!body_.scanner() || body_.scanner()->hasModel() || body_.complete()) break;
    const RequestBody::Pulled pulled = body_.pull(session_.client);
    if (auto refusal = bodyRefusal(pulled)) co_return refusal;
    if (pulled == RequestBody::Pulled::Gone) session_.client.close();
    if (pulled != RequestBody::Pulled::Again) continue;
    session_.deadline.set(now() + config().limits.idleTimeout);
    co_await session_.waiter.wait();
    if (session_.isCut) {
      ending_ = Ending::Cut;
      session_.client.close();
    }
    if (session_.deadline.passed()) co_return bodyLate();
  }
  session_.deadline.set(timeout());
  co_return std::nullopt;
}

// One target after the other, until one answers or none is left. Refusals have names: temporaries
// of braces inside co_await are destroyed twice by this compiler.
Task<bool> Exchange::serve() {
  bool fresh = false;  // the present target is asked again over a connection of its own
  std::size_t index = 0;
  while (true) {
    if (!fresh) {
      const auto chosen = table_->routes.select(query_, core_.random, now());
      const Refusal none = chosen                  ? Refusal()
                           : record_.attempts == 0 ? chosen.error()
                                                   : upstreamFailed();
      if (!chosen) co_return co_await refuse(none);
      index = *chosen;
    }
    ++record_.attempts;
    const Outcome outcome = co_await attempt(index, fresh);
    const Target& target = table_->routes.targets()[index];
    if (outcome == Outcome::Answered) co_return co_await relay(target, table_->ways[index]);
    upstream_.close();
    if (outcome == Outcome::Gone) {
      gone();
      co_return false;
    }
    fresh = outcome == Outcome::Failed && reused_ && mayRetry(operation_, retryState());
    if (fresh) continue;
    if (outcome == Outcome::Late || outcome == Outcome::Failed) target.health->failed(now());
    query_.tried.set(index);
    if (outcome == Outcome::Failed && mayTryAgain()) {
      core_.tally.backend(target.backend.name).failovers.add();
      continue;
    }
    const Refusal why = whyNot(outcome);
    co_return co_await refuse(why);
  }
}

Refusal Exchange::unknownModel(std::string_view name) const {
  return {Code::UnknownModel,
          "model " + http::quoted(name) + " is not served here; " +
              http::quoted(table_->routes.table().servedName) + " is",
          {}};
}

Refusal Exchange::brokenOff() {
  return {Code::UpstreamFailed, "the backend broke off its answer", {}};
}

Refusal Exchange::upstreamFailed() const {
  return {Code::UpstreamFailed, fault_, {}};
}

// What is said of an attempt that is not repeated.
Refusal Exchange::whyNot(Outcome outcome) {
  switch (outcome) {
    case Outcome::Refused:
      return *refusal_;
    case Outcome::Late:
      return {Code::UpstreamTimeout,
              "there was no whole answer within the time that a request may take",
              {}};
    case Outcome::Cut:
      ending_ = Ending::Cut;
      return {Code::Draining, "this replica had to end before the answer did", {}};
    default:
      return upstreamFailed();
  }
}

// Sends our own answer in place of a target's.
Task<bool> Exchange::refuse(const Refusal& refusal) {
  record_.status = statusOf(refusal.code);
  record_.code = nameOf(refusal.code);
  record_.end = ending_ == Ending::Cut ? End::Cut : End::Refused;
  const bool close = !head().keepAlive || !body_.complete() || refusal.code == Code::BadRequest ||
                     core_.plane.refuses() || (head().hasBody() && body_.received() == 0);
  std::string answer = answerOf(refusal, close);
  // A client would take the body of an answer to HEAD for the next answer.
  if (head().method == "HEAD") answer.resize(answer.find("\r\n\r\n") + 4);
  finish();
  if (!session_.client.isOpen()) co_return false;
  co_return co_await session_.send(answer) && !close;
}

void Exchange::gone() {
  record_.status = 0;
  record_.end = ending_ == Ending::Cut ? End::Cut : End::ClientGone;
  finish();
}

void Exchange::finish() {
  record_.trace = trace_.traceId();
  record_.requestBytes = body_.received();
  record_.took = since(begun_, now());
  if (firstByteAt_ != Instant()) record_.firstByte = since(begun_, firstByteAt_);
  core_.tell(operation_, record_);
  if (shadow_) shadow_->originalEnded(record_);
}

}  // namespace bailiwick::sidecar
