#pragma once
// YAML reduced to what a configuration needs: maps with unique keys, lists and scalars. Anchors,
// aliases, tags and merge keys, several documents and deep nesting are problems; yaml-cpp 0.7
// accepts them all, the first of two equal keys wins, and an alias may contain itself.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/result.hpp"

namespace bailiwick::yaml {

struct Node {
  enum class Kind { Null, Scalar, Map, List };
  Node();  // out of line: clang 14 would need the whole type here

  Kind kind = Kind::Null;
  int line = 0;        // 1-based; of the key, where there is one
  std::string scalar;  // as written, unquoted
  std::vector<std::pair<std::string, Node>> entries;
  std::vector<Node> items;
  bool quoted = false;   // a quoted scalar is meant as text, whatever it looks like
  bool refused = false;  // a problem names it already

  // Nullptr when absent.
  const Node* find(std::string_view key) const;
};

struct Problem {
  int line = 1;
  std::string path;  // "engines[3].port", or empty
  std::string message;
};

// All that could be read, and everything that is wrong with it.
struct Document {
  Node root;
  std::vector<Problem> problems;
};

Document parse(std::string_view text);

// The same, but the first problem is an error, which begins with "line N: ".
Result<Node> parseStrict(std::string_view text);

}  // namespace bailiwick::yaml
