#pragma once
// Reads the catalogue strictly: an unknown or duplicate key, an alias, a wrong type, a missing field
// or a reference to something that does not exist is an error with file, line and path. All errors of
// a load come back together, one a line.

#include <string>
#include <utility>
#include <vector>

#include "api/result.hpp"
#include "catalog/catalog.hpp"

namespace bailiwick::catalog {

struct File {
  std::string name;  // for messages
  std::string text;
};

// Entries of a later file replace those of an earlier one with the same id, as a whole.
Result<Catalog> parse(const std::vector<File>& files);

// The catalogue that is compiled in (operator/catalog/data).
Result<Catalog> builtin();
// The same with every *.yaml of a folder, by name, after it.
Result<Catalog> withOverrides(const std::string& directory);

// The files that are compiled in.
const std::vector<File>& builtinFiles();

}  // namespace bailiwick::catalog
