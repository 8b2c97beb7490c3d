#include "weights/model_signature.hpp"

#include "fuzz/fuzz.hpp"

namespace {

// Nobody has its private key.
constexpr char publicKey[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeVhR30I1c9JLYbN0T6e1lApE8Xor\n"
    "sHvGdzBmGWa04Vi8NM4aghRnx+/8Wyopz/8jqgq+Kw/K4CidzEqBxPRkWg==\n"
    "-----END PUBLIC KEY-----\n";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string_view text = fuzz::textOf(data, size);
  static_cast<void>(sidecar::verifySignature(text, publicKey));
  static_cast<void>(sidecar::verifySignature("{}", text));
  return 0;
}
