#pragma once
// --verify-weights: the step between the download of weights and the start of an engine.

#include <iosfwd>

#include "cmd/command_line.hpp"

namespace bailiwick::sidecar {

// 0: the weights are those of the passport. 1: they are not, and each problem has been told on
// `errors`, last of all, so that it ends up in the container's termination message.
int verifyWeights(const CommandLine& line, std::ostream& out, std::ostream& errors);

}  // namespace bailiwick::sidecar
