#pragma once
// What the program does without another command: it serves.

#include <iosfwd>
#include <string>

namespace bailiwick::sidecar {

// Until SIGTERM; 0 then, 1 with the reason on `errors` where it cannot start.
int serve(const std::string& configFile, std::ostream& errors);

}  // namespace bailiwick::sidecar
