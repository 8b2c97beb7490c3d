#include "http/render.hpp"

#include <charconv>

#include "http/chars.hpp"

namespace bailiwick::sidecar::http {
namespace {

std::string_view reasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

void appendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void appendIfAny(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) appendField(out, name, value);
}

// A name with an underscore equals one with a hyphen to some servers.
bool isAmbiguousName(std::string_view name) {
  return name.find('_') != std::string_view::npos;
}

bool passes(const Field& field, const OutgoingRequest& how) {
  switch (field.known) {
    case Known::Authorization:
      return how.passAuthorization && how.bearer.empty();
    case Known::DataJurisdiction:
    case Known::DataResidency:
      return how.passResidency;
    case Known::Cookie:
      return how.passCookies;
    case Known::TraceParent:
      return how.traceParent.empty();
    case Known::TraceState:
      return how.passTraceState;
    case Known::Connection:
    case Known::ContentLength:
    case Known::Expect:
    case Known::Forwarded:
    case Known::HopByHop:
    case Known::Host:
    case Known::Impersonation:
    case Known::Routing:
    case Known::TransferEncoding:
    case Known::Upgrade:
      return false;
    default:
      return !isAmbiguousName(field.name);
  }
}

bool passes(const Field& field) {
  switch (field.known) {
    case Known::Connection:
    case Known::ContentLength:
    case Known::Forwarded:
    case Known::HopByHop:
    case Known::Routing:
    case Known::Server:
    case Known::TransferEncoding:
    case Known::Upgrade:
      return false;
    default:
      return !equalsNoCase(field.name, "alt-svc");
  }
}

}  // namespace

void appendNumber(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void appendRequest(std::string& out, const RequestHead& request, const OutgoingRequest& how) {
  out.append(request.method).append(" ").append(how.path);
  if (!request.target.query.empty()) out.append("?").append(request.target.query);
  out.append(" HTTP/1.1\r\n");
  appendField(out, "Host", how.authority);
  for (const Field& field : request.fields) {
    if (!passes(field, how)) continue;
    if (request.connectionNamesFields && namedByConnection(request.fields, field.name)) continue;
    appendField(out, field.name, field.value);
  }
  if (!how.bearer.empty()) out.append("Authorization: Bearer ").append(how.bearer).append("\r\n");
  appendIfAny(out, "X-Forwarded-For", how.forwardedFor);
  appendIfAny(out, "traceparent", how.traceParent);
  appendIfAny(out, "x-bailiwick-deployment", how.deployment);
  appendIfAny(out, "x-bailiwick-hop", how.hop);
  appendIfAny(out, "x-bailiwick-region", how.region);
  appendIfAny(out, "x-bailiwick-authorization", how.credential);
  if (how.length) {
    out.append("Content-Length: ");
    appendNumber(out, *how.length);
    out.append("\r\n");
  } else if (request.hasBody()) {
    out.append("Transfer-Encoding: chunked\r\n");
  }
  out.append("\r\n");
}

void appendStatusLine(std::string& out, int status) {
  out.append("HTTP/1.1 ");
  appendNumber(out, static_cast<std::uint64_t>(status));
  out.append(" ").append(reasonOf(status)).append("\r\n");
}

void appendResponse(std::string& out, const ResponseHead& response, const OutgoingResponse& how) {
  appendStatusLine(out, response.status);
  for (const Field& field : response.fields) {
    if (!passes(field)) continue;
    if (response.connectionNamesFields && namedByConnection(response.fields, field.name)) continue;
    appendField(out, field.name, field.value);
  }
  out.append(how.answerHeaders);
  if (how.length) {
    out.append("Content-Length: ");
    appendNumber(out, *how.length);
    out.append("\r\n");
  } else if (how.chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  }
  appendIfAny(out, "Connection", how.connection);
  out.append("\r\n");
}

}  // namespace bailiwick::sidecar::http
