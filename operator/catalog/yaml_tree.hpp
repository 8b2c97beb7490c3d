#pragma once
// YAML reduced to what data needs: maps with unique keys, lists and scalars. Anchors, aliases,
// merge keys, tags and further documents are problems: yaml-cpp 0.7 takes the first of two equal
// keys silently, and an alias that contains itself would never end.

#include <string>
#include <string_view>
#include <vector>

namespace bailiwick::catalog {

struct Tree {
  enum class Kind { Null, Scalar, Map, List };
  struct Entry;

  Kind kind = Kind::Null;
  bool quoted = false;   // a quoted scalar is never a number or a boolean
  bool refused = false;  // already a problem: nothing more needs to be said of it
  int line = 1;
  std::string scalar;
  std::vector<Entry> entries;
  std::vector<Tree> items;
};

struct Tree::Entry {
  std::string key;
  int line = 1;
  Tree value;
};

struct Problem {
  int line = 1;
  std::string path;  // "engines[3].port", or empty
  std::string message;
};

inline constexpr std::size_t maxFileSize = 1 << 20;
inline constexpr std::size_t maxDepth = 16;

// What could be read; a file with problems is not to be used.
struct ParsedFile {
  Tree root;
  std::vector<Problem> problems;
};

ParsedFile parseYaml(std::string_view text);

}  // namespace bailiwick::catalog
