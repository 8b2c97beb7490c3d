#pragma once
// Answers that the sidecar makes itself, in OpenAI's shape (api.md).

#include <optional>
#include <string>

#include "api/time.hpp"

namespace bailiwick::sidecar {

enum class Code {
  BadRequest,
  InvalidKey,
  UnknownPath,
  UnknownModel,
  TooLarge,
  OverLimit,
  HeadersTooLarge,
  ResidencyRefused,
  JurisdictionRefused,
  UpstreamFailed,
  Draining,
  NoBackend,
  UpstreamTimeout,
};

struct Refusal {
  Code code = Code::BadRequest;
  std::string message;  // names what was refused and what would be served; no part of a prompt
  std::optional<std::chrono::seconds> retryAfter;  // the answer's Retry-After
};

int statusOf(Code code);
const char* nameOf(Code code);  // "unknown_model"

// {"error": {"type": …, "code": …, "message": …}}
std::string errorBody(const Refusal& refusal);
// What ends a stream that breaks after its first byte: `event: error` with that object.
std::string errorEvent(const Refusal& refusal);

}  // namespace bailiwick::sidecar
