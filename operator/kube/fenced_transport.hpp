#pragma once
// Writes only while leading: every mutating request asks first, and ends before another could lead.

#include <chrono>
#include <functional>

#include "kube/transport.hpp"

namespace bailiwick::kube {

class FencedTransport final : public Transport {
 public:
  // `mayWrite` is asked before each write; no write lasts longer than `margin`, the time between
  // the end of a leader's own confidence and the moment another may take over. The margin counts
  // from before the question, so that a process that was stopped in between sends nothing, and the
  // API server is told of it too, so that an admission webhook cannot make a write land later.
  FencedTransport(Transport& inner, std::function<bool()> mayWrite,
                  std::chrono::milliseconds margin);

  tl::expected<Response, TransportError> send(const Request& request,
                                              std::stop_token stop) override;
  tl::expected<void, TransportError> stream(const Request& request, StreamSink& sink,
                                            std::chrono::milliseconds idle,
                                            std::stop_token stop) override;

 private:
  Transport& inner_;
  std::function<bool()> mayWrite_;
  std::chrono::milliseconds margin_;
};

}  // namespace bailiwick::kube
