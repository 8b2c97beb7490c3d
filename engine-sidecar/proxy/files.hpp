#pragma once
// Small mounted files, and whether they changed.

#include <string>
#include <vector>

#include "api/result.hpp"

namespace bailiwick::sidecar {

// Up to 8 MiB.
Result<std::string> readFile(const std::string& path);

// Differs once one of the files was written or replaced (Kubernetes swaps a symbolic link above
// them), appeared or went.
std::string stampOf(const std::vector<std::string>& paths);

// The names of the regular files in a folder that do not begin with a dot, sorted.
Result<std::vector<std::string>> filesIn(const std::string& folder);

}  // namespace bailiwick::sidecar
