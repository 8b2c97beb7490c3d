#include "http/response_parser.hpp"

#include "http/chars.hpp"

namespace bailiwick::sidecar::http {
namespace {

constexpr int maxInterim = 8;

}  // namespace

ResponseParser::Step ResponseParser::parse(std::string_view bytes) {
  return readLines(bytes, [this](std::string_view line, std::string_view head) {
    return takeLine(line, head);
  });
}

Fault ResponseParser::takeLine(std::string_view line, std::string_view bytes) {
  if (state_ == State::Status) return takeStatus(line);
  if (line.empty()) return finish(bytes);
  if (++fieldCount_ > limits_.maxFields) return Fault::TooManyFields;
  Field field;
  const Fault fault = parseField(line, field);
  return fault == Fault::None ? framing_.add(field) : fault;
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
  ended();
  return Fault::None;
}

void ResponseParser::reset(bool toHead) {
  startAgain(head_);
  state_ = State::Status;
  fieldsBegin_ = fieldCount_ = 0;
  interim_ = 0;
  toHead_ = toHead;
}

}  // namespace bailiwick::sidecar::http
