#pragma once
// Cuts a stream of chunks into lines that simdjson may read in place.

#include <simdjson.h>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace bailiwick::kube {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t maxLine) : maxLine_(maxLine) {}

  enum class Outcome { Ok, Stopped, TooLong };
  // Calls `line` with each complete line, without its end, empty ones skipped. Behind each line lie
  // SIMDJSON_PADDING readable bytes: the chunk's own where it goes on that far, else a copy's.
  // Stops when `line` returns false. A view is valid only during the call.
  template <class F>
  Outcome feed(std::string_view chunk, F&& line);

  // The bytes of a line whose end has not come.
  std::size_t pending() const { return buffer_.size(); }
  // Forgets them and gives back memory that one long line has taken.
  void reset() {
    buffer_.clear();
    if (buffer_.capacity() > keepCapacity) buffer_.shrink_to_fit();
  }

 private:
  static constexpr std::size_t keepCapacity = std::size_t{256} << 10;

  bool append(std::string_view part) {
    if (buffer_.size() + part.size() > maxLine_) return false;
    buffer_.insert(buffer_.end(), part.begin(), part.end());
    return true;
  }
  std::string_view padBuffer() {
    const auto size = buffer_.size();
    buffer_.resize(size + simdjson::SIMDJSON_PADDING);
    return {buffer_.data(), size};
  }

  std::size_t maxLine_;
  std::vector<char> buffer_;
};

template <class F>
LineSplitter::Outcome LineSplitter::feed(std::string_view chunk, F&& line) {
  while (!chunk.empty()) {
    const auto end = chunk.find('\n');
    if (end == std::string_view::npos) return append(chunk) ? Outcome::Ok : Outcome::TooLong;
    std::string_view part = chunk.substr(0, end);
    chunk.remove_prefix(end + 1);
    const bool inPlace = buffer_.empty() && chunk.size() >= simdjson::SIMDJSON_PADDING;
    if (!inPlace && !append(part)) return Outcome::TooLong;
    if (inPlace && part.size() > maxLine_) return Outcome::TooLong;
    if (!inPlace) part = padBuffer();
    if (part.ends_with('\r')) part.remove_suffix(1);
    const bool goOn = part.empty() || line(part);
    reset();
    if (!goOn) return Outcome::Stopped;
  }
  return Outcome::Ok;
}

}  // namespace bailiwick::kube
