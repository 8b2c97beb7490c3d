#pragma once
// What every target shares: its input as text, and an end that the fuzzer notices.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace bailiwick::fuzz {

inline std::string_view textOf(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace bailiwick::fuzz
