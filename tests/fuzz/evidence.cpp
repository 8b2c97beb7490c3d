// Evidence that somebody hands over: any text, and a good chain of which the input overwrites a
// part.
#include "evidence/verify.hpp"

#include "fuzz/fuzz.hpp"

namespace {

using namespace bailiwick;

struct Good {
  std::string lines;
  evidence::Known known;
};

Good goodChain() {
  const auto key = evidence::SigningKey::generate().value();
  constexpr api::Time at{std::chrono::seconds{1795428000}};
  const std::vector<evidence::Entry> entries = {{"Opened", at},
                                                {"Phase", at, {{"phase", "Draining"}}},
                                                {"Drained", at, {{"cut", 0}, {"pod", "a"}}},
                                                {"Closed", at}};
  return {evidence::append({}, entries, key).value().lines,
          {{key.publicKey().fingerprint()}, "", 0}};
}

std::string overwritten(std::string lines, std::string_view input) {
  if (input.size() < 2) return lines;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(input[i]); };
  const std::size_t at = (byte(0) * 256U + byte(1)) % lines.size();
  const auto piece = input.substr(2, lines.size() - at);
  return lines.replace(at, piece.size(), piece);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Good good = goodChain();
  const auto input = fuzz::textOf(data, size);
  fuzz::require(!evidence::verify(input, good.known).authoritative);
  const auto changed = overwritten(good.lines, input);
  const auto verdict = evidence::verify(changed, good.known);
  fuzz::require((verdict.good() && verdict.authoritative) == (changed == good.lines));
  return 0;
}
