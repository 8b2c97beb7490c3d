#include "http/response_parser.hpp"

#include "http/chars.hpp"

namespace bailiwick::sidecar::http {
namespace {

constexpr int maxInterim = 8;

}  // namespace

ResponseParser::Step ResponseParser::fail(Fault fault) {
  fault_ = fault;
  state_ = State::Failed;
  return Step::Failed;
}

ResponseParser::Step ResponseParser::parse(std::string_view bytes) {
  if (state_ == State::Failed) return Step::Failed;
  const bool cut = bytes.size() > limits_.maxSize;
  const auto head = cut ? bytes.substr(0, limits_.maxSize) : bytes;
  std::string_view line;
  while (state_ != State::Done) {
    const auto step = lines_.next(head, line);
    if (step == LineReader::Step::Malformed) return fail(lines_.fault());
    if (step == LineReader::Step::More) return cut ? fail(Fault::TooLarge) : Step::More;
    Fault fault = Fault::None;
    if (state_ == State::Status) {
      fault = takeStatus(line);
    } else if (line.empty()) {
      fault = finish(head);
    } else if (++fieldCount_ > limits_.maxFields) {
      fault = Fault::TooManyFields;
    } else {
      Field field;
      fault = parseField(line, field);
      if (fault == Fault::None) fault = framing_.add(field);
    }
    if (fault != Fault::None) return fail(fault);
  }
  return Step::Done;
}

Fault ResponseParser::takeStatus(std::string_view line) {
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ') return Fault::FirstLine;
  if (line[7] != '0' && line[7] != '1') return Fault::Version;
  if (!all(line.substr(9, 3), digitChar)) return Fault::FirstLine;
  if (line.size() > 12 && line[12] != ' ') return Fault::FirstLine;
  head_.minorVersion = line[7] - '0';
  head_.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (head_.status < 100 || head_.status > 599) return Fault::FirstLine;
  if (head_.status == 101) return Fault::Upgrade;
  if (head_.status < 200 && ++interim_ > maxInterim) return Fault::FirstLine;
  fieldsBegin_ = lines_.position();
  state_ = State::Fields;
  return Fault::None;
}

Fault ResponseParser::finish(std::string_view bytes) {
  if (head_.status < 200) {
    state_ = State::Status;
    framing_ = FramingFields();
    fieldCount_ = 0;
    return Fault::None;
  }
  LineReader again;
  const auto section = bytes.substr(fieldsBegin_, lines_.position() - fieldsBegin_);
  std::string_view line;
  while (again.next(section, line) == LineReader::Step::Line && !line.empty()) {
    Field field;
    parseField(line, field);
    head_.fields.push_back(field);
  }
  using Body = ResponseHead::Body;
  const bool none = toHead_ || head_.status == 204 || head_.status == 304;
  if (framing_.chunked() && head_.minorVersion == 0) return Fault::Coding;
  head_.length = framing_.length();
  head_.body = none                   ? Body::None
               : framing_.chunked()   ? Body::Chunked
               : framing_.hasLength() ? Body::Length
                                      : Body::UntilClose;
  head_.keepAlive = head_.body != Body::UntilClose && !framing_.close() &&
                    (head_.minorVersion == 1 || framing_.keepAlive());
  head_.connectionNamesFields = framing_.namesFields();
  state_ = State::Done;
  return Fault::None;
}

void ResponseParser::reset(bool toHead) {
  state_ = State::Status;
  fault_ = Fault::None;
  lines_.reset();
  framing_ = FramingFields();
  fieldsBegin_ = fieldCount_ = 0;
  interim_ = 0;
  toHead_ = toHead;
  auto fields = std::move(head_.fields);
  fields.clear();
  head_ = ResponseHead();
  head_.fields = std::move(fields);
}

}  // namespace bailiwick::sidecar::http
