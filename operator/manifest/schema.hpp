#pragma once
// A CRD's structural schema, applied to what somebody wrote: what the API server would refuse without
// asking CEL, with the line that is at fault, and the defaults that it would fill in.

#include <string>
#include <vector>

#include "api/result.hpp"
#include "manifest/value.hpp"

namespace bailiwick::manifest {

class Schema {
 public:
  // From the text of a CustomResourceDefinition: the schema of its stored version.
  static Result<Schema> parse(std::string_view crd);

  const std::string& kind() const { return kind_; }
  bool namespaced() const { return namespaced_; }

  // Fills `spec` with defaults and says what is wrong with it. `line`: where the object begins.
  std::vector<Problem> apply(Value& spec, int line) const;

 private:
  std::string kind_;
  bool namespaced_ = false;
  Value spec_;  // the schema of .spec
};

// Our five kinds, as this program was built with them.
const std::vector<Schema>& builtinSchemas();
const Schema* builtinSchema(std::string_view kind);

}  // namespace bailiwick::manifest
