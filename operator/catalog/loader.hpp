#pragma once
// Strict loading of the catalogue's YAML. An unknown or doubled key, an alias, a wrong type, a
// missing field or a name that leads nowhere is an error with file, line and path; all errors of a
// load come together, one per line:
//   data/engines.yaml:41: engines[3].port: must be an integer, is a text
//
// A layer is a set of files. An entry of a later layer replaces the whole entry of the same id of
// an earlier one (vendors by id, engines by name, providers by id, blocs by name, fetchers by
// sourceType); its countries are added; its label keys and engine defaults replace those it names.

#include <string>
#include <vector>

#include "api/result.hpp"
#include "catalog/catalog.hpp"

namespace bailiwick::catalog {

struct SourceFile {
  std::string name;  // as errors call it
  std::string text;
};

struct Layer {
  std::vector<SourceFile> files;
  // Shipped data may not choose a scheduler: only a platform team knows what runs in its clusters.
  bool shipped = false;
};

// Pure: from texts.
Result<Catalog> parse(const std::vector<Layer>& layers);

// The *.yaml and *.yml files of each directory, in the order of their names; later directories
// replace.
Result<Catalog> load(const std::vector<std::string>& directories);

// What this program was built with, and the same with --catalog=DIR over it.
const Layer& builtinLayer();
Result<Catalog> builtin();
Result<Catalog> withOverrides(const std::string& directory);

}  // namespace bailiwick::catalog
