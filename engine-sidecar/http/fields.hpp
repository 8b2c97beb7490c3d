#pragma once
// The header section of a message: lines over one contiguous buffer, each byte looked at once
// however small the pieces come in, and no allocation per header.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/fault.hpp"

namespace bailiwick::sidecar::http {

struct HeadLimits {
  std::size_t maxSize = std::size_t{64} << 10;  // of first line, headers and line ends
  std::size_t maxFields = 100;
};

// Headers that somebody here asks about.
enum class Known : std::uint8_t {
  Other,
  Accept,
  Authorization,
  Connection,
  ContentEncoding,
  ContentLength,
  ContentType,
  Cookie,
  DataJurisdiction,  // x-data-jurisdiction
  DataResidency,     // x-data-residency
  Date,
  Expect,
  Host,
  HopByHop,          // Keep-Alive, Proxy-*, TE, Trailer: for this hop and nobody's business here
  Impersonation,     // Impersonate-*: of Kubernetes, never for an engine
  Routing,           // x-bailiwick-*
  Forwarded,         // Forwarded, X-Forwarded-*, X-Real-IP
  RetryAfter,
  Server,
  TraceParent,
  TraceState,
  TransferEncoding,
  Upgrade,
};

Known knownField(std::string_view name);

struct Field {
  std::string_view name, value;  // into the caller's buffer
  Known known = Known::Other;
};

// Splits a buffer that only grows into lines. The buffer may move between calls.
class LineReader {
 public:
  enum class Step { Line, More, Malformed };

  // On Line, `line` is it, without its CR LF.
  Step next(std::string_view bytes, std::string_view& line);

  std::size_t position() const { return begin_; }  // of the next line
  Fault fault() const { return fault_; }
  void reset() { *this = LineReader(); }

 private:
  std::size_t begin_ = 0;
  std::size_t scanned_ = 0;
  Fault fault_ = Fault::None;
};

// "Name: value", strictly; on None `field` is it.
Fault parseField(std::string_view line, Field& field);

// What frames a message's body and ends its connection, as its headers say.
class FramingFields {
 public:
  // Each field in turn; the first fault stays.
  Fault add(const Field& field);

  bool hasLength() const { return lengths_ > 0; }
  std::uint64_t length() const { return length_; }
  bool chunked() const { return codings_ > 0; }
  bool close() const { return close_; }
  bool keepAlive() const { return keepAlive_; }
  // Names that Connection gives, for isNamed; empty where it gives none but close and keep-alive.
  bool namesFields() const { return namesFields_; }

 private:
  Fault addLength(std::string_view value);
  Fault addConnection(std::string_view value);

  std::uint64_t length_ = 0;
  int lengths_ = 0;
  int codings_ = 0;
  bool close_ = false;
  bool keepAlive_ = false;
  bool namesFields_ = false;
};

// Whether a Connection field among `fields` names `name`, which is then for this hop only.
bool namedByConnection(const std::vector<Field>& fields, std::string_view name);

// The first of that name, or nullptr.
const Field* find(const std::vector<Field>& fields, Known known);

}  // namespace bailiwick::sidecar::http
