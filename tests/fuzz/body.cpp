#include "http/body_scanner.hpp"

#include <algorithm>

#include "fuzz/fuzz.hpp"

// A body means the same however it is cut into pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string_view text = fuzz::textOf(data, size);
  sidecar::http::BodyScanner whole, pieces;
  whole.feed(text);
  whole.finish();
  const std::size_t step = size % 7 + 1;
  for (std::size_t at = 0; at < text.size(); at += step) pieces.feed(text.substr(at, step));
  pieces.finish();
  fuzz::require(whole.fault() == pieces.fault() && whole.hasModel() == pieces.hasModel());
  fuzz::require(whole.model() == pieces.model() && whole.stream() == pieces.stream());
  if (whole.hasModel()) {
    fuzz::require(whole.modelBegin() < whole.modelEnd() && whole.modelEnd() <= size);
    fuzz::require(text[whole.modelBegin()] == '"' && text[whole.modelEnd() - 1] == '"');
  }
  return 0;
}
