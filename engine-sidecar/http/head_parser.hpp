#pragma once
// What the heads of requests and responses have in common: lines up to an empty one, within limits,
// and the headers that frame the body.

#include <cstddef>
#include <string_view>
#include <utility>

#include "http/fields.hpp"

namespace bailiwick::sidecar::http {

class HeadParser {
 public:
  enum class Step { More, Done, Failed };

  Fault fault() const { return fault_; }
  // After Done: how many bytes the head took.
  std::size_t size() const { return lines_.position(); }

 protected:
  explicit HeadParser(HeadLimits limits) : limits_(limits) {}
  ~HeadParser() = default;

  // `take(line, head)` is given each line in turn, with all that is there of the head, until it
  // ends the head by ended() or has found a fault.
  template <class Take>
  Step readLines(std::string_view bytes, Take&& take) {
    if (fault_ != Fault::None) return Step::Failed;
    const bool cut = bytes.size() > limits_.maxSize;
    const auto head = cut ? bytes.substr(0, limits_.maxSize) : bytes;
    std::string_view line;
    while (!done_) {
      const auto step = lines_.next(head, line);
      if (step == LineReader::Step::Malformed) return fail(lines_.fault());
      if (step == LineReader::Step::More) return cut ? fail(Fault::TooLarge) : Step::More;
      const Fault fault = take(line, head);
      if (fault != Fault::None) return fail(fault);
    }
    return Step::Done;
  }
  void ended() { done_ = true; }

  // For the next message; `head` keeps the memory of its fields.
  template <class Head>
  void startAgain(Head& head) {
    done_ = false;
    fault_ = Fault::None;
    lines_.reset();
    framing_ = FramingFields();
    auto fields = std::move(head.fields);
    fields.clear();
    head = Head();
    head.fields = std::move(fields);
  }

  HeadLimits limits_;
  LineReader lines_;
  FramingFields framing_;

 private:
  Step fail(Fault fault) {
    fault_ = fault;
    return Step::Failed;
  }

  bool done_ = false;
  Fault fault_ = Fault::None;
};

}  // namespace bailiwick::sidecar::http
