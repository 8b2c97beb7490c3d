#pragma once
// What a plain YAML scalar means to kubectl, whose reader (gopkg.in/yaml.v2, resolve.go) follows
// YAML 1.1: an unquoted NO is false, 0o17 and 017 are 15, 1_000 is 1000. Times stay text.

#include <string_view>

#include "manifest/value.hpp"

namespace bailiwick::manifest {

// Of an unquoted scalar without a tag.
Value plainScalar(std::string_view written);

}  // namespace bailiwick::manifest
