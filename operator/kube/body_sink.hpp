#pragma once
// Collects the body of an answer, up to a bound, with room behind it for simdjson.

#include <simdjson.h>
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "kube/transport.hpp"

namespace bailiwick::kube {

class BodySink final : public StreamSink {
 public:
  explicit BodySink(std::size_t maxBody) : maxBody_(maxBody) {}

  bool onHead(const ResponseHead& head) override {
    response_.head = head;
    return true;
  }
  bool onChunk(std::string_view bytes) override {
    std::string& body = response_.body;
    tooLarge_ = bytes.size() > maxBody_ - body.size();
    if (tooLarge_) return false;
    const auto needed = body.size() + bytes.size() + simdjson::SIMDJSON_PADDING;
    if (body.capacity() < needed) body.reserve(std::max(needed, 2 * body.capacity()));
    body += bytes;
    return true;
  }
  // Once the exchange has ended without an error.
  tl::expected<Response, TransportError> take() {
    if (!tooLarge_) return std::move(response_);
    return tl::unexpected(
        TransportError{TransportError::Kind::TooLarge,
                       "the answer is larger than " + std::to_string(maxBody_) + " bytes"});
  }

 private:
  const std::size_t maxBody_;
  bool tooLarge_ = false;
  Response response_;
};

}  // namespace bailiwick::kube
