#include "route/law.hpp"

#include "fuzz/fuzz.hpp"

// A value is either refused or names at least one country or class: never nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string_view text = fuzz::textOf(data, size);
  const auto countries = sidecar::parseLaw(text, std::nullopt);
  if (countries) {
    fuzz::require(!countries->jurisdictions.empty());
    for (const auto& country : countries->jurisdictions) fuzz::require(country.size() == 2);
  }
  const auto classes = sidecar::parseLaw(std::nullopt, text);
  if (classes) fuzz::require(!classes->classes.empty());
  return 0;
}
