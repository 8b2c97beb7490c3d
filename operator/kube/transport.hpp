#pragma once
// The one way to an API server. Blocking; implementations are safe to use from many threads.

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "kube/request.hpp"

namespace bailiwick::kube {

struct TransportError {
  enum class Kind {
    Unreachable,  // name, route, connect, TLS broke off: the request was never sent
    Certificate,  // the server's certificate was refused
    Timeout,      // the deadline of the request, or the idle timeout of a stream
    Broken,       // the connection failed in the middle: a write may have been applied
    TooLarge,     // the answer exceeds the bound
    Credentials,  // ours cannot be read
    Fenced,       // a write was refused because this process no longer leads
    Cancelled,    // by the stop token
    Misuse,       // e.g. sent from within a stream's sink
  };
  Kind kind = Kind::Broken;
  std::string message;  // never holds a secret
  friend bool operator==(const TransportError&, const TransportError&) = default;
};

// The parts of an answer's head that anything here decides by.
struct ResponseHead {
  int status = 0;
  std::string contentType;  // lower case, without parameters
  std::optional<std::chrono::seconds> retryAfter;
  std::optional<std::chrono::sys_seconds> date = std::nullopt;  // the server's clock when it answered
};

struct Response {
  ResponseHead head;
  std::string body;  // its capacity leaves room for simdjson's padding
};

// Receives a stream as it comes. Called on a transport thread, never by two at once, and never
// after Transport::stream has returned. It may block only for microseconds and must not send.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // Each returns whether to go on; false closes the connection and ends the stream without error.
  virtual bool onHead(const ResponseHead& head) = 0;
  virtual bool onChunk(std::string_view bytes) = 0;
};

struct TransportOptions {
  std::string userAgent;  // "bailiwick-operator/VERSION (region NAME)"
  std::size_t maxBody = std::size_t{64} << 20;  // of an answer to send()
};

class Transport {
 public:
  virtual ~Transport() = default;

  // An answer of any status is a Response. Redirects are answers: they are not followed.
  virtual tl::expected<Response, TransportError> send(const Request& request,
                                                      std::stop_token stop) = 0;
  // Returns when the server has ended the stream or the sink has had enough; fails with Timeout
  // when no byte comes for `idle`.
  virtual tl::expected<void, TransportError> stream(const Request& request, StreamSink& sink,
                                                    std::chrono::milliseconds idle,
                                                    std::stop_token stop) = 0;
};

}  // namespace bailiwick::kube
