#pragma once
// The head of an HTTP/1.1 response as a finite state machine without I/O, as strict as the one of
// requests: an upstream is not trusted to end its messages where it says.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/head_parser.hpp"

namespace bailiwick::sidecar::http {

// All views are into the buffer that the last parse() was given.
struct ResponseHead {
  enum class Body { None, Length, Chunked, UntilClose };

  int status = 0;
  int minorVersion = 1;
  std::vector<Field> fields;
  Body body = Body::None;
  std::uint64_t length = 0;
  bool keepAlive = true;
  bool connectionNamesFields = false;
};

class ResponseParser : public HeadParser {
 public:
  explicit ResponseParser(HeadLimits limits) : HeadParser(limits) {}

  // `bytes` is everything received since the answer's first byte, interim answers (1xx) included,
  // which are skipped. The buffer may move until Done.
  Step parse(std::string_view bytes);

  const ResponseHead& head() const { return head_; }

  // For the next answer; `toHead`: it answers a HEAD request and has no body. Keeps its memory.
  void reset(bool toHead);

 private:
  enum class State { Status, Fields };

  Fault takeLine(std::string_view line, std::string_view bytes);
  Fault takeStatus(std::string_view line);
  Fault finish(std::string_view bytes);

  State state_ = State::Status;
  std::size_t fieldsBegin_ = 0;
  std::size_t fieldCount_ = 0;
  int interim_ = 0;
  bool toHead_ = false;
  ResponseHead head_;
};

}  // namespace bailiwick::sidecar::http
