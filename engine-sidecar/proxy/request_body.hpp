#pragma once
// The body of a request on its way through: received as the client sends it, looked through for
// "model", kept for a retry as far as memory allows, and given out again with the model's name
// replaced. A body that came together with its head is never copied.

#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/body_scanner.hpp"
#include "http/chunked.hpp"
#include "http/request_parser.hpp"
#include "proxy/stream.hpp"
#include "route/retry.hpp"

namespace bailiwick::sidecar {

// What a session reads requests into, borrowed while one is there.
struct InBuffer {
  static constexpr std::size_t firstSize = 16384;

  // Left free behind a head, so that a body can be read there while the head stays in place.
  static constexpr std::size_t reserve = 4096;

  std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]>(firstSize);
  std::size_t capacity = firstSize;
  std::size_t begin = 0, end = 0;  // of what has not been used yet

  std::string_view view() const { return {bytes.get() + begin, end - begin}; }
  std::size_t room() const { return capacity - reserve - std::min(end, capacity - reserve); }
  // Moves what is there.
  void grow(std::size_t to);
  void compact();
};

class RequestBody {
 public:
  struct Limits {
    std::uint64_t maxSize = 0;
    CopyMemory* copies = nullptr;     // of what is kept for retries
    CopyMemory* readAhead = nullptr;  // of what has to be read before "model" is found
  };
  enum class Pulled {
    Progress,
    Again,      // nothing there now
    Full,       // room comes only as the body is sent on
    Gone,       // the client went away
    Malformed,  // of the chunked coding: see fault()
    TooLarge,
    OverLimit,  // no memory for what must be read ahead
  };

  ~RequestBody() { release(); }

  // `in` begins with the body's bytes and must not move until the body ends. Scans when asked to.
  void begin(const http::RequestHead& head, InBuffer& in, const Limits& limits, bool scan);
  // Takes what the client has sent, with at most one read.
  Pulled pull(Stream& client);

  bool complete() const { return complete_; }
  std::uint64_t received() const { return received_; }
  http::Fault fault() const { return decoder_.fault(); }
  const http::BodyScanner* scanner() const { return scans_ ? &scanner_ : nullptr; }
  // Nothing was dropped: the whole body up to here can be sent once more.
  bool isKept() const { return base_ == 0; }

  // From now on the model's value reads `quoted`; nothing: as it came.
  void replaceModel(std::optional<std::string> quoted) { replacement_ = std::move(quoted); }
  // Of the body as it goes out; only where complete or a length was given.
  std::optional<std::uint64_t> outgoingLength() const;
  // What can be sent from `position` of the outgoing body on: up to three parts, at most `most`
  // bytes; returns how many.
  int gather(std::uint64_t position, std::uint64_t most, iovec* parts) const;
  bool endsAt(std::uint64_t position) const { return complete_ && position == outgoing(received_); }
  // The outgoing body before `position` has been sent; it may be dropped once room is needed.
  void sentUpTo(std::uint64_t position) { sent_ = position; }

 private:
  bool makeRoom();
  bool growKept(std::size_t to, CopyMemory& memory, std::int64_t& held);
  bool dropSent();
  void take(std::string_view data);
  Pulled pullLength(Stream& client);
  Pulled pullChunked(Stream& client);
  Pulled decode();
  void release();
  const char* at(std::uint64_t position) const { return data_ + (position - base_); }
  bool replaces() const { return replacement_ && scanner_.hasModel(); }
  // Where what stands at `position` of the incoming body goes out.
  std::uint64_t outgoing(std::uint64_t position) const;

  Limits limits_;
  InBuffer* in_ = nullptr;
  std::size_t floor_ = 0;  // in in_, the end of the head
  bool chunked_ = false;
  bool scans_ = false;
  bool complete_ = true;
  std::uint64_t length_ = 0;  // as announced
  bool hasLength_ = false;
  http::ChunkDecoder decoder_;
  http::BodyScanner scanner_;

  std::unique_ptr<char[]> kept_;  // or the bytes are still in in_
  const char* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::uint64_t base_ = 0;  // position of the first byte that is still there
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  std::int64_t heldCopy_ = 0, heldAhead_ = 0;
  std::optional<std::string> replacement_;
};

}  // namespace bailiwick::sidecar
