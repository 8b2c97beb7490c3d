#pragma once
// Every message is written anew: nothing of what came in decides on framing, hop or route of what
// goes out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/request_parser.hpp"
#include "http/response_parser.hpp"

namespace bailiwick::sidecar::http {

struct OutgoingRequest {
  std::string_view authority = {};  // the new Host
  std::string_view path = {};
  bool passAuthorization = false;  // the client's own
  bool passResidency = false;      // x-data-*: where they are checked again
  bool passCookies = false;
  std::string_view bearer = {};        // the provider's key, or empty
  std::string_view forwardedFor = {};  // the client's address, or empty
  std::string_view traceParent = {};   // of this hop, or empty
  bool passTraceState = false;         // it belongs to the client's trace, which goes on
  std::string_view deployment = {};    // x-bailiwick-*, or empty
  std::string_view hop = {};
  std::string_view region = {};
  std::string_view credential = {};  // x-bailiwick-authorization: the client's, between sidecars
  std::optional<std::uint64_t> length = {};  // none: chunked, where there is a body
};

// Appends the head of `request` as it goes upstream, with its empty line.
void appendRequest(std::string& out, const RequestHead& request, const OutgoingRequest& how);

struct OutgoingResponse {
  std::string_view answerHeaders = {};  // lines with their CR LF
  bool chunked = false;                 // the coding on the way to the client
  std::optional<std::uint64_t> length = {};
  std::string_view connection = {};  // close, keep-alive, or empty
};

// Appends the head of `response` as it goes to the client, with its empty line.
void appendResponse(std::string& out, const ResponseHead& response, const OutgoingResponse& how);

// "HTTP/1.1 404 Not Found\r\n".
void appendStatusLine(std::string& out, int status);

void appendNumber(std::string& out, std::uint64_t number);

}  // namespace bailiwick::sidecar::http
