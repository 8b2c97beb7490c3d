#pragma once
// What transports over a network share: an answer is collected as a stream is read. Only for their
// .cpp files.

#include "kube/body_sink.hpp"
#include "kube/transport.hpp"

namespace bailiwick::kube {

class ExchangingTransport : public Transport {
 public:
  // `maxBody`: of an answer that is collected.
  explicit ExchangingTransport(std::size_t maxBody) : maxBody_(maxBody) {}

  tl::expected<Response, TransportError> send(const Request& request,
                                              std::stop_token stop) final {
    BodySink sink(maxBody_);
    const auto done = exchange(request, sink, std::nullopt, stop);
    if (!done) return tl::unexpected(done.error());
    return sink.take();
  }

  tl::expected<void, TransportError> stream(const Request& request, StreamSink& sink,
                                            std::chrono::milliseconds idle,
                                            std::stop_token stop) final {
    return exchange(request, sink, idle, stop);
  }

 private:
  // Without `idle` the whole of it may take the request's deadline.
  virtual tl::expected<void, TransportError> exchange(const Request& request, StreamSink& sink,
                                                      std::optional<std::chrono::milliseconds> idle,
                                                      const std::stop_token& stop) = 0;

  const std::size_t maxBody_;
};

}  // namespace bailiwick::kube
