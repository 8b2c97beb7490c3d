#pragma once
// YAML reduced to what a configuration needs: maps with unique keys, lists and scalars. Anchors,
// aliases, tags and merge keys, several documents and deep nesting are errors; yaml-cpp 0.7 accepts
// them all, the first of two equal keys wins, and an alias may contain itself.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/result.hpp"

namespace bailiwick::yaml {

struct Node {
  enum class Kind { Null, Scalar, Map, List };
  Kind kind = Kind::Null;
  int line = 0;        // 1-based
  std::string scalar;  // as written, unquoted
  std::vector<std::pair<std::string, Node>> entries;
  std::vector<Node> items;

  // Nullptr when absent.
  const Node* find(std::string_view key) const;
};

// Errors begin with "line N: ".
Result<Node> parseStrict(std::string_view text);

}  // namespace bailiwick::yaml
