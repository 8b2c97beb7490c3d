#include "http/request_parser.hpp"

#include "fuzz/head.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  sidecar::http::RequestParser parser(fuzz::headLimits);
  if (!fuzz::readHead(parser, fuzz::textOf(data, size))) return 0;
  const auto& head = parser.head();
  fuzz::require(!head.method.empty());
  fuzz::require(!head.host.empty() || head.minorVersion == 0);
  fuzz::require(!(head.chunked && (head.hasLength || head.minorVersion == 0)));
  return 0;
}
