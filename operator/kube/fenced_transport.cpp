#include "kube/fenced_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bailiwick::kube {

FencedTransport::FencedTransport(Transport& inner, std::function<bool()> mayWrite,
                                 std::chrono::milliseconds margin)
    : inner_(inner), mayWrite_(std::move(mayWrite)), margin_(margin) {}

tl::expected<Response, TransportError> FencedTransport::send(const Request& request,
                                                             std::stop_token stop) {
  if (!request.mutating()) return inner_.send(request, std::move(stop));
  const auto asked = std::chrono::steady_clock::now();
  if (!mayWrite_()) {
    return tl::unexpected(TransportError{TransportError::Kind::Fenced,
                                         "this process does not lead: the write was not sent"});
  }
  Request bounded = request;
  bounded.deadline = std::min(bounded.deadline, margin_);
  bounded.notAfter = asked + margin_;
  bounded.query.emplace_back("timeout", fmt::format("{}ms", bounded.deadline.count()));
  return inner_.send(bounded, std::move(stop));
}

tl::expected<void, TransportError> FencedTransport::stream(const Request& request, StreamSink& sink,
                                                           std::chrono::milliseconds idle,
                                                           std::stop_token stop) {
  return inner_.stream(request, sink, idle, std::move(stop));
}

}  // namespace bailiwick::kube
