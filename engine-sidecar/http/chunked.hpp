#pragma once
// The chunked coding (RFC 9112, section 7.1), both ways, without copies of the data.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/fault.hpp"

namespace bailiwick::sidecar::http {

// A finite state machine over the bytes of a body. Extensions and trailers are read, bounded and
// dropped; a trailer that would change what the head said is a fault.
class ChunkDecoder {
 public:
  // Takes bytes from the front of `in` until there is a run of data, which it returns (a view into
  // `in`), or `in` is empty or the body ended or failed (an empty view).
  std::string_view next(std::string_view& in);

  bool done() const { return state_ == State::Done; }
  Fault fault() const { return fault_; }
  // What is left of the present chunk: so much data can be read in one go.
  std::uint64_t left() const { return state_ == State::Data ? left_ : 0; }
  void reset() { *this = ChunkDecoder(); }

 private:
  enum class State : std::uint8_t {
    Size,
    Extension,
    QuotedExtension,
    QuotedPair,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
    Failed,
  };

  void fail(Fault fault);
  void take(char c);
  void takeSize(char c);
  void takeExtension(char c);
  void takeTrailer(char c);
  void endTrailerName();

  State state_ = State::Size;
  Fault fault_ = Fault::None;
  std::uint8_t digits_ = 0;
  std::uint64_t left_ = 0;
  std::uint32_t extensions_ = 0;  // bytes of all of them
  std::uint32_t trailer_ = 0;     // bytes
  std::uint8_t nameSize_ = 0;
  std::array<char, 20> name_{};   // of the present trailer field, as far as it matters
};

// The line before a chunk of `size` bytes, with its CR LF.
class ChunkSizeLine {
 public:
  explicit ChunkSizeLine(std::uint64_t size);
  std::string_view text() const { return {buffer_.data() + at_, buffer_.size() - at_}; }

 private:
  std::array<char, 18> buffer_{};
  std::size_t at_;
};

inline constexpr std::string_view lastChunk = "0\r\n\r\n";

}  // namespace bailiwick::sidecar::http
