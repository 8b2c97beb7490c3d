#pragma once
// What went wrong with a request, as the API server or the way to it says.

#include <simdjson.h>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "kube/transport.hpp"

namespace bailiwick::kube {

struct ApiError {
  enum class Kind {
    BadRequest,       // 400: among others a field that strict validation refuses
    Unauthorized,     // 401
    Forbidden,        // 403
    NotFound,         // 404
    AlreadyExists,    // 409 of a create
    Conflict,         // 409 of anything else: stale resourceVersion, wrong uid, apply conflict
    Gone,             // 410: the resourceVersion or continue token is too old
    Invalid,          // 422
    TooManyRequests,  // 429
    Timeout,          // 504, or a deadline
    ServerError,      // any other 5xx
    Transport,        // no answer; see `transport`
    Malformed,        // an answer that is not Kubernetes': HTML, truncated JSON, a redirect
    Other,
  };
  Kind kind = Kind::Other;
  int status = 0;       // HTTP status; 0 without an answer
  std::string reason;   // metav1.Status reason, or empty
  std::string message;  // what to show: the server's words, or ours
  std::optional<std::chrono::seconds> retryAfter;
  std::optional<TransportError::Kind> transport;

  // Whether the same request may succeed later without a change of the object or of our rights.
  bool retryable() const;
  friend bool operator==(const ApiError&, const ApiError&) = default;
};

std::string_view kindName(ApiError::Kind kind);

ApiError toApiError(const TransportError& error);
// For a head whose status is not 2xx, or a body that is not what was asked for.
ApiError toApiError(const ResponseHead& head, std::string_view body);
// A metav1.Status, e.g. of an ERROR event; nullopt when it is none. `httpStatus` 0: by its code.
std::optional<ApiError> fromStatusObject(simdjson::dom::element element, int httpStatus);
ApiError malformed(const ResponseHead& head, std::string_view what);

}  // namespace bailiwick::kube
