#include "config/address.hpp"

#include "fuzz/fuzz.hpp"

// One URL has one meaning, however often it is written and read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string_view text = fuzz::textOf(data, size);
  if (const auto url = sidecar::parseUrl(text)) {
    const auto again = sidecar::parseUrl(url->str());
    fuzz::require(again && *again == *url);
  }
  static_cast<void>(sidecar::parseAddress(text));
  return 0;
}
