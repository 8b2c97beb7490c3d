#pragma once
// The head of an HTTP/1.1 request as a finite state machine without I/O. Whatever two readers could
// read in two ways is a fault (RFC 9112): the data path's protection from request smuggling.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/head_parser.hpp"
#include "http/target.hpp"

namespace bailiwick::sidecar::http {

// All views are into the buffer that the last parse() was given.
struct RequestHead {
  std::string_view method;
  Target target;
  std::string_view host;
  int minorVersion = 1;
  std::vector<Field> fields;
  bool chunked = false;
  bool hasLength = false;
  std::uint64_t length = 0;  // 0 when chunked
  bool keepAlive = true;
  bool expectsContinue = false;
  bool connectionNamesFields = false;

  bool hasBody() const { return chunked || length > 0; }
};

class RequestParser : public HeadParser {
 public:
  explicit RequestParser(HeadLimits limits) : HeadParser(limits) {}

  // `bytes` is everything received since the request's first byte; what was looked at before is not
  // looked at again. The buffer may move until Done.
  Step parse(std::string_view bytes);

  // After Done; valid as long as the buffer stays.
  const RequestHead& head() const { return head_; }
  // Whether a byte of the request itself has been seen.
  bool begun() const { return state_ != State::Start; }

  // For the next request; keeps its memory.
  void reset();

 private:
  enum class State { Start, AfterEmptyLine, Fields };
  struct Slice {
    std::size_t at = 0, size = 0;
  };
  struct FieldSlice {
    Slice name, value;
    Known known = Known::Other;
  };

  Fault takeLine(std::string_view line, std::string_view bytes);
  Fault takeRequestLine(std::string_view line, std::string_view bytes);
  Fault takeField(std::string_view line, std::string_view bytes);
  Fault checkOnce(Known known);
  Fault finish(std::string_view bytes);

  State state_ = State::Start;
  std::vector<FieldSlice> slices_;
  Slice method_, target_;
  std::uint32_t seen_ = 0;  // a bit per Known
  RequestHead head_;
};

}  // namespace bailiwick::sidecar::http
