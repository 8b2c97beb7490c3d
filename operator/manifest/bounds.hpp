#pragma once
// What a CRD lets an object be at most: its types, lengths, counts, ranges and words, and those of
// metadata. For objects whose API server cannot be trusted to have judged them. Nothing is made of an
// object before it has passed, so that a short text cannot become much. What CEL and patterns say is
// not judged; fields that the CRD does not know are nobody's and are passed over, as a later version's.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/result.hpp"

namespace simdjson::dom {
class element;
}

namespace bailiwick::manifest {

class Bounds {
 public:
  enum class Type { Any, Object, List, Text, Integer, Number, Boolean };
  struct Field;
  struct Node {
    Type type = Type::Any;
    std::optional<std::int64_t> least, most;  // of characters, entries, or the number itself
    std::vector<std::string> words;           // empty: any
    std::vector<Field> fields;
    std::vector<Node> every;  // one or none: of each entry of a list, or of a map with free keys
  };

  struct Field {
    std::string name;
    Node node;
  };

  // From the text of a CustomResourceDefinition: the schema of its stored version.
  static Result<Bounds> parse(std::string_view crd);

  const std::string& kind() const { return kind_; }

  // The error names the object, the path and the bound: "Region zrh: status.imports: has 101 entries,
  // at most 100 are allowed".
  Result<void> check(simdjson::dom::element object) const;

 private:
  std::string kind_;
  bool namespaced_ = false;
  Node root_;
};

// Of one of our five kinds, as this program was built with them.
const Bounds& builtinBounds(std::string_view kind);

}  // namespace bailiwick::manifest
