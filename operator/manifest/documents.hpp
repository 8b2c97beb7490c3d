#pragma once
// The documents of a text, YAML or JSON, as kubectl reads them; what kubectl would let pass in
// silence, such as the second of two equal keys, is a problem.

#include <string_view>
#include <vector>

#include "manifest/value.hpp"

namespace bailiwick::manifest {

struct Documents {
  std::vector<Value> roots;  // without empty documents
  std::vector<Problem> problems;
};

// Aliases are written out, all documents together up to a bound.
Documents readDocuments(std::string_view text);

}  // namespace bailiwick::manifest
