#include "http/response_parser.hpp"

#include "fuzz/head.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  sidecar::http::ResponseParser parser(fuzz::headLimits);
  if (!fuzz::readHead(parser, fuzz::textOf(data, size))) return 0;
  fuzz::require(parser.head().status >= 200 && parser.head().status <= 599);
  return 0;
}
