#pragma once
// The objects of manifests: of our kinds with defaults filled in and judged by their schemas, of all
// others as they are.

#include <functional>
#include <simdjson.h>
#include <string>
#include <vector>

#include "api/meta.hpp"
#include "api/result.hpp"
#include "manifest/files.hpp"
#include "manifest/value.hpp"

namespace bailiwick::manifest {

struct Origin {
  std::string file;
  int line = 0;
  // "fra.yaml:12"
  std::string str() const { return file + ":" + std::to_string(line); }
};

// One object.
struct Entry {
  std::string apiVersion, kind;
  api::Key key;
  Origin origin;
  Value value;
  bool ours = false;   // of one of our kinds
  bool sound = false;  // nothing was found wrong with it

  std::string str() const { return kind + " " + key.str(); }
};

// Something that the API server would refuse, or that surely is not meant.
struct Finding {
  Origin origin;
  std::string object;  // "ModelDeployment team/x", or empty where it is not known
  std::string path;    // "spec.replicas", or empty
  std::string message;
};

struct Manifests {
  std::vector<Entry> entries;  // in the order of the texts
  std::vector<Finding> findings;
};

struct Namespaces {
  std::string standard = "default";  // of an object that names none
  bool enforced = false;             // then an object of another one is a finding
};

// Lists (kind List, or ModelDeploymentList and the like) are taken apart.
Manifests read(const std::vector<Source>& sources, const Namespaces& namespaces = {});

// One that any part of this program can decode.
template <class T>
Result<T> decodeEntry(const Entry& entry,
                      const std::function<Result<T>(simdjson::dom::element)>& decode);

// The same for a text.
template <class T>
Result<T> decodeText(const std::string& json,
                     const std::function<Result<T>(simdjson::dom::element)>& decode) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(json).get(element) != simdjson::SUCCESS) return fail("cannot be read as JSON");
  return decode(element);
}

std::string jsonText(const Entry& entry);

template <class T>
Result<T> decodeEntry(const Entry& entry,
                      const std::function<Result<T>(simdjson::dom::element)>& decode) {
  return decodeText<T>(jsonText(entry), decode);
}

}  // namespace bailiwick::manifest
