#pragma once
// Cuts a stream of chunks into lines that simdjson may read in place.

#include <cstddef>
#include <memory>
#include <string_view>
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
  void reset();

 private:
  std::string_view padded(std::string_view line);
  bool append(std::string_view part);

  std::size_t maxLine_;
  std::vector<char> buffer_;
};

}  // namespace bailiwick::kube
