#include "peers/peer_transport.hpp"

#include <fmt/format.h>

#include <simdjson.h>
#include <algorithm>
#include <atomic>
#include <utility>

#include "kube/server_words.hpp"

namespace bailiwick::peers {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = kube::TransportError::Kind;

bool asks(const kube::Request& request, std::string_view option) {
  return std::any_of(request.query.begin(), request.query.end(),
                     [&](const auto& pair) { return pair.first == option; });
}

// What is asked for again and again: a kind, or the heartbeat, which is the only Lease.
bool isStanding(const kube::Request& request) {
  return asks(request, "limit") || asks(request, "watch") ||
         request.path.find("/leases/") != std::string::npos;
}

bool isError(int status) { return status < 200 || status >= 300; }

}  // namespace

// Shows the head of a stream to the transport, before its reader, and remembers when it last brought
// something.
class PeerTransport::Listening final : public kube::StreamSink {
 public:
  Listening(PeerTransport& owner, const kube::Request& request, kube::StreamSink& reader)
      : owner_(owner), request_(request), token_(owner.token()), reader_(reader) {}
  bool onHead(const kube::ResponseHead& head) override {
    heard_ = Clock::now();
    owner_.answered(request_, head.status);
    error_ = isError(head.status);
    return reader_.onHead(head);
  }
  bool onChunk(std::string_view bytes) override {
    heard_ = Clock::now();
    return error_ ? reader_.onChunk(kube::without(token_, std::string(bytes)))
                  : reader_.onChunk(bytes);
  }
  kube::SteadyTime heard() const { return heard_; }
  std::stop_source& end() { return end_; }

 private:
  PeerTransport& owner_;
  const kube::Request& request_;
  const kube::Secret token_;
  kube::StreamSink& reader_;
  bool error_ = false;
  std::atomic<kube::SteadyTime> heard_{kube::SteadyTime{}};
  std::stop_source end_;
};

void PeerTransport::use(std::shared_ptr<kube::Transport> inner, std::string reason,
                        kube::Secret token) {
  const std::lock_guard lock(mutex_);
  inner_ = std::move(inner);
  reason_ = std::move(reason);
  token_ = std::move(token);
  refusals_.clear();
}

kube::Secret PeerTransport::token() const {
  const std::lock_guard lock(mutex_);
  return token_;
}

void PeerTransport::allowPost(std::string path) {
  const std::lock_guard lock(mutex_);
  postPath_ = std::move(path);
}

void PeerTransport::cutStreams(kube::SteadyTime silentSince) {
  const std::lock_guard lock(mutex_);
  for (auto* stream : streams_) {
    if (stream->heard() <= silentSince) stream->end().request_stop();
  }
}

std::string PeerTransport::refusal() const {
  const std::lock_guard lock(mutex_);
  return refusals_.empty() ? std::string() : refusals_.begin()->second;
}

tl::expected<std::shared_ptr<kube::Transport>, kube::TransportError> PeerTransport::way(
    const kube::Request& request) const {
  const std::lock_guard lock(mutex_);
  const bool renewal = request.method == kube::Method::Post && request.path == postPath_;
  if (request.mutating() && !renewal) {
    return tl::unexpected(kube::TransportError{
        Kind::Misuse, fmt::format("{} {}: nothing is written to a peer",
                                  kube::methodName(request.method), request.path)});
  }
  if (!inner_) return tl::unexpected(kube::TransportError{Kind::Credentials, reason_});
  return inner_;
}

tl::expected<kube::Response, kube::TransportError> PeerTransport::send(const kube::Request& request,
                                                                       std::stop_token stop) {
  const auto inner = way(request);
  if (!inner) return tl::unexpected(inner.error());
  auto timed = request;
  const bool whole = request.method == kube::Method::Get && asks(request, "limit");
  timed.deadline = std::min(request.deadline, whole ? limits_.list : limits_.get);
  auto answer = (*inner)->send(timed, std::move(stop));
  if (answer && isError(answer->head.status)) {
    answer->body = kube::without(token(), std::move(answer->body));
    answer->body.reserve(answer->body.size() + simdjson::SIMDJSON_PADDING);
  }
  if (request.mutating()) return answer;
  if (answer) {
    answered(request, answer->head.status);
  } else {
    failed(request, answer.error());
  }
  return answer;
}

tl::expected<void, kube::TransportError> PeerTransport::stream(const kube::Request& request,
                                                               kube::StreamSink& sink,
                                                               std::chrono::milliseconds idle,
                                                               std::stop_token stop) {
  const auto inner = way(request);
  if (!inner) return tl::unexpected(inner.error());
  Listening listening(*this, request, sink);
  auto& end = listening.end();
  {
    const std::lock_guard lock(mutex_);
    streams_.insert(&listening);
  }
  tl::expected<void, kube::TransportError> done;
  {
    const std::stop_callback chain(stop, [&] { end.request_stop(); });
    done = (*inner)->stream(request, listening, idle, end.get_token());
  }
  {
    const std::lock_guard lock(mutex_);
    streams_.erase(&listening);
  }
  if (done || stop.stop_requested()) return done;
  if (done.error().kind == Kind::Cancelled) {
    return tl::unexpected(kube::TransportError{Kind::Broken, "the watch is begun anew"});
  }
  failed(request, done.error());
  return done;
}

void PeerTransport::answered(const kube::Request& request, int status) {
  if (!isStanding(request)) return;
  const auto& path = request.path;
  const std::lock_guard lock(mutex_);
  if (status == 401 || status == 403) {
    refusals_[path] = fmt::format("GET {} is answered {}", path, status);
  } else if (status >= 300 && status < 400) {
    refusals_[path] =
        fmt::format("GET {} is answered with a redirect ({}), which is not followed", path, status);
  } else if (status < 500) {
    // Who may list the heartbeat is not refused it: it is asked for by its name only while it is late.
    std::erase_if(refusals_, [&](const auto& refused) {
      return refused.first == path || refused.first.starts_with(path + "/");
    });
  }
}

void PeerTransport::failed(const kube::Request& request, const kube::TransportError& error) {
  if (!isStanding(request)) return;
  const std::lock_guard lock(mutex_);
  if (error.kind == Kind::Certificate || error.kind == Kind::Credentials) {
    refusals_[request.path] = error.message;
  }
}

}  // namespace bailiwick::peers
