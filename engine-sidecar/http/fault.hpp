#pragma once
// What is wrong with a message. Any of them ends its connection.

#include <cstdint>
#include <string_view>

namespace bailiwick::sidecar::http {

enum class Fault : std::uint8_t {
  None,
  LineEnding,      // LF without CR, or CR without LF
  Control,         // NUL or another control character
  EmptyLines,      // more than one before a request
  FirstLine,       // no request or status line
  Method,
  Target,
  Path,            // dot segments, encoded separators, controls or dots
  Version,
  FieldName,
  FieldValue,
  Folding,         // a line that begins with a space (obs-fold)
  TooManyFields,
  TooLarge,        // of the head
  NoHost,
  Host,            // malformed or repeated
  Authority,       // an absolute form that names another host than Host
  Length,          // Content-Length malformed or repeated
  Coding,          // a Transfer-Encoding other than one "chunked" in HTTP/1.1
  LengthAndCoding,
  Connection,      // it names a field that is not for one hop
  Upgrade,         // also CONNECT
  Expect,
  Repeated,        // a field of which there may be one
  ChunkSize,
  ChunkExtension,
  ChunkEnd,
  Trailer,
};

constexpr bool headTooLarge(Fault fault) {
  return fault == Fault::TooLarge || fault == Fault::TooManyFields;
}

// A sentence without its full stop, for the one who sent it.
std::string_view describe(Fault fault);

}  // namespace bailiwick::sidecar::http
