// What an API server, one's own or a peer's, may answer: a digit before it chooses the decoder.
#include <simdjson.h>

#include "api/decode.hpp"
#include "fuzz/fuzz.hpp"

namespace {

using namespace bailiwick;
using simdjson::dom::element;

template <class T>
void check(const Result<T>& decoded) {
  fuzz::require(decoded || !decoded.error().message.empty());
}

void decodeAs(char digit, element json) {
  switch (digit) {
    case '0':
      return check(api::decodeModelDeployment(json));
    case '1':
      return check(api::decodeModelPassport(json));
    case '2':
      return check(api::decodeRegion(json));
    case '3':
      return check(api::decodeSovereigntyPolicy(json));
    case '4':
      return check(api::decodeExitOrder(json));
    case '5':
      return check(api::decodeNode(json, [](std::string_view key) { return key.size() > 3; }));
    case '6':
      return check(api::decodePod(json));
    case '7':
      return check(api::decodeWorkload(json));
    case '8':
      return check(api::decodeEndpointSlice(json));
    default:
      return check(api::decodeGenericObject(json));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  simdjson::dom::parser parser;
  element json;
  const std::string text(fuzz::textOf(data + 1, size - 1));
  if (parser.parse(text).get(json) == simdjson::SUCCESS) decodeAs(static_cast<char>(data[0]), json);
  return 0;
}
