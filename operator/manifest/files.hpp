#pragma once
// Which files `-f` names, as kubectl takes it.

#include <iosfwd>
#include <string>
#include <vector>

#include "api/result.hpp"

namespace bailiwick::manifest {

struct Source {
  std::string name;  // as findings call it
  std::string text;
};

// A file whatever its name, the *.yaml, *.yml and *.json files of a directory in the order of their
// names (`recursive`: of all below it), or "-" for `input`. Addresses are not fetched.
Result<std::vector<Source>> collect(const std::vector<std::string>& paths, bool recursive,
                                    std::istream& input);

}  // namespace bailiwick::manifest
