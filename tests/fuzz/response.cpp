#include "http/response_parser.hpp"

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  using sidecar::http::ResponseParser;
  const std::string_view text = fuzz::textOf(data, size);
  const sidecar::http::HeadLimits limits{.maxSize = 4096, .maxFields = 16};
  ResponseParser whole(limits), pieces(limits);
  const auto step = whole.parse(text);
  auto last = ResponseParser::Step::More;
  for (std::size_t n = 1; n <= size && last == ResponseParser::Step::More; ++n)
    last = pieces.parse(text.substr(0, n));
  fuzz::require(step == last || (step == ResponseParser::Step::Failed && size > 4096));
  if (step != ResponseParser::Step::Done) return 0;
  fuzz::require(whole.size() == pieces.size() && whole.size() <= size);
  fuzz::require(whole.head().status >= 200 && whole.head().status <= 599);
  return 0;
}
