#pragma once
// A head is read alike at once and byte by byte, whatever it is the head of.

#include "fuzz/fuzz.hpp"
#include "http/head_parser.hpp"

namespace bailiwick::fuzz {

constexpr sidecar::http::HeadLimits headLimits{.maxSize = 4096, .maxFields = 16};

// The parser that has read `text` at once and to the end of its head; none where there is no such.
template <class Parser>
const Parser* readHead(Parser& whole, std::string_view text) {
  Parser pieces(headLimits);
  using Step = typename Parser::Step;
  const Step step = whole.parse(text);
  Step last = Step::More;
  for (std::size_t n = 1; n <= text.size() && last == Step::More; ++n)
    last = pieces.parse(text.substr(0, n));
  require(step == last || (step == Step::Failed && text.size() > headLimits.maxSize));
  if (step != Step::Done) return nullptr;
  require(whole.size() == pieces.size() && whole.size() <= text.size());
  require(text.substr(0, whole.size()).ends_with("\r\n\r\n"));
  return &whole;
}

}  // namespace bailiwick::fuzz
