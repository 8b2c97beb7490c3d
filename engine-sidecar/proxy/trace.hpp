#pragma once
// W3C trace context: https://www.w3.org/TR/trace-context/

#include <array>
#include <string_view>

#include "route/random.hpp"

namespace bailiwick::sidecar {

// The traceparent of this hop: the client's trace where it sent a valid one, else a new trace.
class TraceParent {
 public:
  TraceParent(std::string_view received, Random& random);

  std::string_view text() const { return {text_.data(), text_.size()}; }
  std::string_view traceId() const { return text().substr(3, 32); }
  // Whether it is the client's trace: what the client says of its state belongs to no other.
  bool continues() const { return continues_; }

 private:
  std::array<char, 55> text_;
  bool continues_;
};

// "00-" 32 hexadecimal digits "-" 16 "-" 2, in lower case, and not only zeros.
bool isTraceParent(std::string_view text);

}  // namespace bailiwick::sidecar
