#include "http/request_parser.hpp"

#include "http/chars.hpp"

namespace bailiwick::sidecar::http {
namespace {

constexpr std::size_t maxMethod = 16;

bool isUpper(std::string_view text) {
  for (const char c : text)
    if (c < 'A' || c > 'Z') return false;
  return !text.empty();
}

bool sameAuthority(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

}  // namespace

RequestParser::Step RequestParser::parse(std::string_view bytes) {
  return readLines(bytes, [this](std::string_view line, std::string_view head) {
    return takeLine(line, head);
  });
}

Fault RequestParser::takeLine(std::string_view line, std::string_view bytes) {
  if (state_ == State::Fields) return line.empty() ? finish(bytes) : takeField(line, bytes);
  if (!line.empty()) return takeRequestLine(line, bytes);
  if (state_ == State::AfterEmptyLine) return Fault::EmptyLines;
  state_ = State::AfterEmptyLine;
  return Fault::None;
}

Fault RequestParser::takeRequestLine(std::string_view line, std::string_view bytes) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Fault::FirstLine;
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!isUpper(method) || method.size() > maxMethod) return Fault::Method;
  if (method == "CONNECT") return Fault::Upgrade;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return Fault::Version;
  head_.minorVersion = version.back() - '0';
  Target parsed;
  const Fault fault = parseTarget(target, parsed);
  if (fault != Fault::None) return fault;
  method_ = {static_cast<std::size_t>(method.data() - bytes.data()), method.size()};
  target_ = {static_cast<std::size_t>(target.data() - bytes.data()), target.size()};
  state_ = State::Fields;
  return Fault::None;
}

Fault RequestParser::checkOnce(Known known) {
  switch (known) {
    case Known::Host:
    case Known::Authorization:
    case Known::ContentType:
    case Known::ContentEncoding:
    case Known::Expect:
    case Known::TraceParent:
      break;
    default:
      return Fault::None;
  }
  const auto bit = std::uint32_t{1} << static_cast<unsigned>(known);
  if (seen_ & bit) return known == Known::Host ? Fault::Host : Fault::Repeated;
  seen_ |= bit;
  return Fault::None;
}

Fault RequestParser::takeField(std::string_view line, std::string_view bytes) {
  if (slices_.size() == limits_.maxFields) return Fault::TooManyFields;
  Field field;
  Fault fault = parseField(line, field);
  if (fault == Fault::None) fault = checkOnce(field.known);
  if (fault == Fault::None) fault = framing_.add(field);
  if (fault != Fault::None) return fault;
  if (field.known == Known::Host && !isAuthority(field.value)) return Fault::Host;
  if (field.known == Known::Expect) {
    if (!equalsNoCase(field.value, "100-continue")) return Fault::Expect;
    head_.expectsContinue = head_.minorVersion == 1;
  }
  const auto at = [&](std::string_view part) {
    return Slice{static_cast<std::size_t>(part.data() - bytes.data()), part.size()};
  };
  slices_.push_back({at(field.name), at(field.value), field.known});
  return Fault::None;
}

Fault RequestParser::finish(std::string_view bytes) {
  const auto text = [&](Slice slice) { return bytes.substr(slice.at, slice.size); };
  head_.method = text(method_);
  Fault fault = parseTarget(text(target_), head_.target);
  if (fault != Fault::None) return fault;
  head_.host = {};
  for (const auto& slice : slices_) {
    head_.fields.push_back({text(slice.name), text(slice.value), slice.known});
    if (slice.known == Known::Host) head_.host = text(slice.value);
  }
  if (head_.host.empty() && (head_.minorVersion == 1 || !head_.target.authority.empty()))
    return Fault::NoHost;
  if (!head_.target.authority.empty() && !sameAuthority(head_.target.authority, head_.host))
    return Fault::Authority;
  head_.chunked = framing_.chunked();
  if (head_.chunked && head_.minorVersion == 0) return Fault::Coding;
  head_.hasLength = framing_.hasLength();
  head_.length = framing_.length();
  head_.keepAlive = !framing_.close() && (head_.minorVersion == 1 || framing_.keepAlive());
  head_.connectionNamesFields = framing_.namesFields();
  ended();
  return Fault::None;
}

void RequestParser::reset() {
  startAgain(head_);
  state_ = State::Start;
  slices_.clear();
  seen_ = 0;
}

}  // namespace bailiwick::sidecar::http
