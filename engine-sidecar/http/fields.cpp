#include "http/fields.hpp"

#include "http/chars.hpp"

namespace bailiwick::sidecar::http {
namespace {

struct KnownName {
  std::string_view name;  // lower case
  Known known;
};

constexpr KnownName knownNames[] = {
    {"accept", Known::Accept},
    {"authorization", Known::Authorization},
    {"connection", Known::Connection},
    {"content-encoding", Known::ContentEncoding},
    {"content-length", Known::ContentLength},
    {"content-type", Known::ContentType},
    {"cookie", Known::Cookie},
    {"x-data-jurisdiction", Known::DataJurisdiction},
    {"x-data-residency", Known::DataResidency},
    {"date", Known::Date},
    {"expect", Known::Expect},
    {"host", Known::Host},
    {"keep-alive", Known::HopByHop},
    {"te", Known::HopByHop},
    {"trailer", Known::HopByHop},
    {"http2-settings", Known::HopByHop},
    {"forwarded", Known::Forwarded},
    {"x-real-ip", Known::Forwarded},
    {"retry-after", Known::RetryAfter},
    {"server", Known::Server},
    {"traceparent", Known::TraceParent},
    {"tracestate", Known::TraceState},
    {"transfer-encoding", Known::TransferEncoding},
    {"upgrade", Known::Upgrade},
};

// Fields that decide where a message ends, who asks, or where it goes: naming one in Connection would
// make two readers see two messages.
bool isEndToEnd(std::string_view name) {
  switch (knownField(name)) {
    case Known::Authorization:
    case Known::ContentEncoding:
    case Known::ContentLength:
    case Known::ContentType:
    case Known::DataJurisdiction:
    case Known::DataResidency:
    case Known::Host:
    case Known::Routing:
    case Known::TransferEncoding:
      return true;
    default:
      return false;
  }
}

}  // namespace

Known knownField(std::string_view name) {
  if (name.empty()) return Known::Other;
  const char first = lower(name.front());
  for (const auto& [candidate, known] : knownNames)
    if (candidate.size() == name.size() && candidate.front() == first &&
        equalsNoCase(name, candidate))
      return known;
  if (first == 'x') {
    if (startsNoCase(name, "x-bailiwick-")) return Known::Routing;
    if (startsNoCase(name, "x-forwarded-")) return Known::Forwarded;
  }
  if (first == 'i' && startsNoCase(name, "impersonate-")) return Known::Impersonation;
  if (first == 'p' && startsNoCase(name, "proxy-")) return Known::HopByHop;
  return Known::Other;
}

LineReader::Step LineReader::next(std::string_view bytes, std::string_view& line) {
  std::size_t i = scanned_;
  while (i < bytes.size() && is(bytes[i], lineChar)) ++i;
  scanned_ = i;
  if (i == bytes.size()) return Step::More;
  if (bytes[i] != '\r') {
    fault_ = bytes[i] == '\n' ? Fault::LineEnding : Fault::Control;
    return Step::Malformed;
  }
  if (i + 1 == bytes.size()) return Step::More;
  if (bytes[i + 1] != '\n') {
    fault_ = Fault::LineEnding;
    return Step::Malformed;
  }
  line = bytes.substr(begin_, i - begin_);
  begin_ = scanned_ = i + 2;
  return Step::Line;
}

Fault parseField(std::string_view line, Field& field) {
  if (line.front() == ' ' || line.front() == '\t') return Fault::Folding;
  std::size_t colon = 0;
  while (colon < line.size() && is(line[colon], tokenChar)) ++colon;
  if (colon == 0 || colon == line.size() || line[colon] != ':') return Fault::FieldName;
  field.name = line.substr(0, colon);
  field.value = trimmed(line.substr(colon + 1));
  field.known = knownField(field.name);
  return Fault::None;
}

Fault FramingFields::addLength(std::string_view value) {
  if (++lengths_ > 1) return Fault::Length;
  if (value.empty() || value.size() > 18 || !all(value, digitChar)) return Fault::Length;
  for (const char c : value) length_ = length_ * 10 + static_cast<std::uint64_t>(c - '0');
  return Fault::None;
}

Fault FramingFields::addConnection(std::string_view value) {
  Fault fault = Fault::None;
  everyElement(value, [&](std::string_view name) {
    if (name.empty()) return true;
    if (equalsNoCase(name, "close")) {
      close_ = true;
    } else if (equalsNoCase(name, "keep-alive")) {
      keepAlive_ = true;
    } else if (equalsNoCase(name, "upgrade")) {
      fault = Fault::Upgrade;
    } else if (!all(name, tokenChar) || isEndToEnd(name)) {
      fault = Fault::Connection;
    } else {
      namesFields_ = true;
    }
    return fault == Fault::None;
  });
  return fault;
}

Fault FramingFields::add(const Field& field) {
  switch (field.known) {
    case Known::ContentLength: {
      const Fault fault = addLength(field.value);
      return fault == Fault::None && codings_ > 0 ? Fault::LengthAndCoding : fault;
    }
    case Known::TransferEncoding:
      if (lengths_ > 0) return Fault::LengthAndCoding;
      return ++codings_ == 1 && equalsNoCase(field.value, "chunked") ? Fault::None : Fault::Coding;
    case Known::Connection:
      return addConnection(field.value);
    case Known::Upgrade:
      return Fault::Upgrade;
    default:
      return Fault::None;
  }
}

bool namedByConnection(const std::vector<Field>& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (field.known != Known::Connection) continue;
    const bool absent = everyElement(field.value, [&](std::string_view element) {
      if (element.size() != name.size()) return true;
      for (std::size_t i = 0; i < name.size(); ++i)
        if (lower(element[i]) != lower(name[i])) return true;
      return false;
    });
    if (!absent) return true;
  }
  return false;
}

const Field* find(const std::vector<Field>& fields, Known known) {
  for (const Field& field : fields)
    if (field.known == known) return &field;
  return nullptr;
}

}  // namespace bailiwick::sidecar::http
