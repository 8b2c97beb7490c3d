#include "weights/manifest.hpp"

#include "fuzz/fuzz.hpp"

// What is accepted reads the same once it is written out again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const auto entries = sidecar::parseManifest(fuzz::textOf(data, size));
  if (!entries) return 0;
  std::string text, last;
  for (const auto& entry : *entries) {
    fuzz::require(sidecar::isPlainName(entry.name) && (last.empty() || last < entry.name));
    text += sidecar::hex(entry.digest) + "  " + entry.name + "\n";
    last = entry.name;
  }
  const auto again = sidecar::parseManifest(text);
  fuzz::require(again && again->size() == entries->size());
  return 0;
}
