#include "kube/error.hpp"

#include <simdjson.h>

#include <algorithm>

#include "kube/server_words.hpp"

namespace bailiwick::kube {
namespace {

using Kind = ApiError::Kind;

// However long a server, or something before it, asks to be left alone.
constexpr std::chrono::seconds maxRetryAfter{300};

std::string text(const simdjson::dom::object& object, std::string_view field) {
  std::string_view value;
  return object[field].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

// What these say needs no body to be believed: nothing is concluded from them but to wait.
std::optional<Kind> kindOfStatusAlone(int status) {
  switch (status) {
    case 401:
      return Kind::Unauthorized;
    case 403:
      return Kind::Forbidden;
    case 429:
      return Kind::TooManyRequests;
    case 504:
      return Kind::Timeout;
    default:
      break;
  }
  if (status >= 500 && status < 600) return Kind::ServerError;
  return std::nullopt;
}

Kind kindOf(int status, std::string_view reason) {
  if (const auto kind = kindOfStatusAlone(status)) return *kind;
  switch (status) {
    case 400:
      return Kind::BadRequest;
    case 404:
      return Kind::NotFound;
    case 409:
      return reason == "AlreadyExists" ? Kind::AlreadyExists : Kind::Conflict;
    case 410:
      return Kind::Gone;
    case 422:
      return Kind::Invalid;
    default:
      return Kind::Other;
  }
}

std::string describe(const ResponseHead& head) {
  std::string out = "HTTP " + std::to_string(head.status);
  if (!head.contentType.empty()) out += " (" + serverWords(head.contentType) + ")";
  return out;
}

}  // namespace

bool ApiError::retryable() const {
  switch (kind) {
    case Kind::Conflict:
    case Kind::Gone:
    case Kind::TooManyRequests:
    case Kind::Timeout:
    case Kind::ServerError:
    case Kind::Transport:
    case Kind::Malformed:
    case Kind::Unauthorized:  // a token that is being rotated
      return true;
    default:
      return false;
  }
}

std::string_view kindName(ApiError::Kind kind) {
  switch (kind) {
    case Kind::BadRequest:
      return "BadRequest";
    case Kind::Unauthorized:
      return "Unauthorized";
    case Kind::Forbidden:
      return "Forbidden";
    case Kind::NotFound:
      return "NotFound";
    case Kind::AlreadyExists:
      return "AlreadyExists";
    case Kind::Conflict:
      return "Conflict";
    case Kind::Gone:
      return "Gone";
    case Kind::Invalid:
      return "Invalid";
    case Kind::TooManyRequests:
      return "TooManyRequests";
    case Kind::Timeout:
      return "Timeout";
    case Kind::ServerError:
      return "ServerError";
    case Kind::Transport:
      return "Transport";
    case Kind::Malformed:
      return "Malformed";
    case Kind::Other:
      break;
  }
  return "Other";
}

ApiError toApiError(const TransportError& error) {
  ApiError out;
  out.kind =
      error.kind == TransportError::Kind::Timeout ? Kind::Timeout : ApiError::Kind::Transport;
  out.message = error.message;
  out.transport = error.kind;
  return out;
}

std::optional<ApiError> fromStatusObject(simdjson::dom::element element, int httpStatus) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS || text(object, "kind") != "Status") {
    return std::nullopt;
  }
  ApiError out;
  std::int64_t code = 0;
  out.status = httpStatus;
  if (out.status == 0 && object["code"].get(code) == simdjson::SUCCESS) {
    out.status = static_cast<int>(code);
  }
  out.reason = serverWords(text(object, "reason"));
  out.message = serverWords(text(object, "message"));
  out.kind = kindOf(out.status, out.reason);
  std::int64_t seconds = 0;
  if (object["details"]["retryAfterSeconds"].get(seconds) == simdjson::SUCCESS && seconds > 0) {
    out.retryAfter = std::chrono::seconds{std::min(seconds, std::int64_t{maxRetryAfter.count()})};
  }
  return out;
}

ApiError toApiError(const ResponseHead& head, std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(body.data(), body.size()).get(element) == simdjson::SUCCESS) {
    if (auto error = fromStatusObject(element, head.status)) {
      if (head.retryAfter) error->retryAfter = std::min(*head.retryAfter, maxRetryAfter);
      return *std::move(error);
    }
  }
  ApiError out = malformed(head, "no Kubernetes Status in the answer");
  if (const auto kind = kindOfStatusAlone(head.status)) {
    out.kind = *kind;
    out.message = describe(head) + " without a Kubernetes Status";
  }
  if (head.retryAfter) out.retryAfter = std::min(*head.retryAfter, maxRetryAfter);
  return out;
}

ApiError malformed(const ResponseHead& head, std::string_view what) {
  ApiError out;
  out.kind = Kind::Malformed;
  out.status = head.status;
  out.message = describe(head) + ": " + std::string(what);
  if (head.status >= 300 && head.status < 400) out.message += "; redirects are not followed";
  return out;
}

}  // namespace bailiwick::kube
