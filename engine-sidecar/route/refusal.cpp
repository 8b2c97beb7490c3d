#include "route/refusal.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace bailiwick::sidecar {
namespace {

struct Kind {
  int status;
  const char* name;
  const char* type;
};

// By the order of Code.
constexpr std::array<Kind, 13> kinds{{{400, "bad_request", "invalid_request_error"},
                                      {401, "invalid_key", "authentication_error"},
                                      {404, "unknown_path", "invalid_request_error"},
                                      {404, "unknown_model", "invalid_request_error"},
                                      {413, "too_large", "invalid_request_error"},
                                      {429, "over_limit", "rate_limit_error"},
                                      {431, "headers_too_large", "invalid_request_error"},
                                      {451, "residency_refused", "policy_error"},
                                      {451, "jurisdiction_refused", "policy_error"},
                                      {502, "upstream_failed", "server_error"},
                                      {503, "draining", "server_error"},
                                      {503, "no_backend", "server_error"},
                                      {504, "upstream_timeout", "server_error"}}};

const Kind& kindOf(Code code) {
  return kinds.at(static_cast<std::size_t>(code));
}

}  // namespace

int statusOf(Code code) {
  return kindOf(code).status;
}

const char* nameOf(Code code) {
  return kindOf(code).name;
}

std::string errorBody(const Refusal& refusal) {
  using Json = nlohmann::ordered_json;
  const Kind& kind = kindOf(refusal.code);
  const Json body = {
      {"error", {{"type", kind.type}, {"code", kind.name}, {"message", refusal.message}}}};
  // A message may quote what a client sent, which need not be UTF-8.
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string errorEvent(const Refusal& refusal) {
  return "event: error\ndata: " + errorBody(refusal) + "\n\n";
}

}  // namespace bailiwick::sidecar
