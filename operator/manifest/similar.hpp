#pragma once
// Which word was probably meant.

#include <string>
#include <string_view>
#include <vector>

namespace bailiwick::manifest {

// The candidate that at most two slips of a pen separate from the word, or empty.
std::string mostSimilar(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace bailiwick::manifest
