#include "evidence/chunk.hpp"

#include <fmt/format.h>

namespace bailiwick::evidence {

std::string chunkName(std::string_view base, int number) {
  return number == 1 ? std::string(base) : fmt::format("{}-{}", base, number);
}

bool fits(std::size_t chunk, std::string_view lines) {
  return chunk == 0 || chunk + lines.size() <= maxChunk;
}

}  // namespace bailiwick::evidence
