#pragma once
// --check: what is wrong with a configuration, and with the files that it names where they are.

#include <iosfwd>
#include <string>

namespace bailiwick::sidecar {

// Prints each error with file, line and path; 1 if there is any, else 0. Route tables and keys are
// mounted where a sidecar runs and need not be where its configuration is checked.
int check(const std::string& configFile, std::ostream& out, std::ostream& errors);

}  // namespace bailiwick::sidecar
