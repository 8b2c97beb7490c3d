#include "proxy/trace.hpp"

#include <algorithm>

namespace bailiwick::sidecar {
namespace {

bool isHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool isZero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

void fill(char* to, int digits, Random& random) {
  for (int i = 0; i < digits; i += 16) {
    std::uint64_t value = random.next();
    for (int k = 0; k < 16; ++k, value >>= 4) to[i + k] = "0123456789abcdef"[value & 15];
  }
}

}  // namespace

bool isTraceParent(std::string_view text) {
  return text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
         isHex(text.substr(3, 32)) && isHex(text.substr(36, 16)) && isHex(text.substr(53)) &&
         !isZero(text.substr(3, 32)) && !isZero(text.substr(36, 16));
}

TraceParent::TraceParent(std::string_view received, Random& random)
    : continues_(isTraceParent(received)) {
  constexpr std::string_view frame = "00-00000000000000000000000000000000-0000000000000000-00";
  std::copy_n((continues_ ? received : frame).begin(), text_.size(), text_.begin());
  if (!continues_) fill(text_.data() + 3, 32, random);
  fill(text_.data() + 36, 16, random);
}

}  // namespace bailiwick::sidecar
