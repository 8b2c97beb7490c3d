#include "route/keys.hpp"

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string_view text = fuzz::textOf(data, size);
  const auto keys = sidecar::Keys::parse("keys", text);
  if (keys) fuzz::require(keys->find("no such key") == nullptr);
  const std::string_view key = sidecar::bearerKey(text);
  fuzz::require(key.find(' ') == std::string_view::npos);
  return 0;
}
