#pragma once
// Strict reading of maps, lists and scalars, collecting every error with file, line and path.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/strict_yaml.hpp"

namespace bailiwick::catalog {

// A node and where it stands: "engines[3].port".
struct At {
  const yaml::Node& node;
  std::string path;

  At child(const yaml::Node& other, std::string_view key) const;
  At item(std::size_t index) const;
};

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  struct Field {
    std::string_view key;
    std::function<void(const At&)> read;
    bool required = false;
  };
  // Every key must be one of the fields, and every required field must be there.
  void map(const At& at, std::initializer_list<Field> fields);
  void list(const At& at, const std::function<void(const At&)>& item);

  void text(const At& at, std::string& out);  // never empty
  void texts(const At& at, std::vector<std::string>& out);
  void pairs(const At& at, std::map<std::string, std::string>& out);
  void boolean(const At& at, bool& out);
  void integer(const At& at, std::int64_t min, std::int64_t max, std::int64_t& out);

  void error(const At& at, const std::string& what);
  // "data/engines.yaml:41: engines[3].port: ..."
  const std::vector<std::string>& errors() const { return errors_; }
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::vector<std::string> errors_;
};

}  // namespace bailiwick::catalog
