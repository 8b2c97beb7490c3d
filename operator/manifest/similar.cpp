#include "manifest/similar.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace bailiwick::manifest {
namespace {

// Levenshtein's.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto replaced = diagonal + (a[i] == b[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

constexpr std::size_t longest = 64;

}  // namespace

std::string mostSimilar(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > longest) return "";
  const std::size_t limit = word.size() < 4 ? 1 : 2;
  std::size_t least = limit + 1;
  std::string best;
  for (const auto& candidate : candidates) {
    if (candidate.size() > longest) continue;
    const auto apart = distance(word, candidate);
    if (apart >= least) continue;
    least = apart;
    best = candidate;
  }
  return best;
}

}  // namespace bailiwick::manifest
