#include "http/request_parser.hpp"

#include <string>

#include "fuzz/fuzz.hpp"

// A head is read alike at once and byte by byte, and never ends where a line does not.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  using sidecar::http::RequestParser;
  const std::string_view text = fuzz::textOf(data, size);
  const sidecar::http::HeadLimits limits{.maxSize = 4096, .maxFields = 16};
  RequestParser whole(limits), pieces(limits);
  const auto step = whole.parse(text);
  auto last = RequestParser::Step::More;
  for (std::size_t n = 1; n <= size && last == RequestParser::Step::More; ++n)
    last = pieces.parse(text.substr(0, n));
  fuzz::require(step == last || (step == RequestParser::Step::Failed && size > 4096));
  if (step != RequestParser::Step::Done) return 0;
  fuzz::require(whole.size() == pieces.size() && whole.size() <= size);
  fuzz::require(text.substr(0, whole.size()).ends_with("\r\n\r\n"));
  const auto& head = whole.head();
  fuzz::require(!head.method.empty() && !head.host.empty());
  fuzz::require(!(head.chunked && head.hasLength));
  return 0;
}
