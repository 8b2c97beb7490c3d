#pragma once
// What the program does without another command: it serves.

#include <iosfwd>

#include "cmd/command_line.hpp"

namespace bailiwick::sidecar {

// Until SIGTERM; 0 then, 1 with the reason on `errors` where it cannot start.
int serve(const CommandLine& line, std::ostream& errors);

}  // namespace bailiwick::sidecar
