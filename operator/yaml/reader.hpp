#pragma once
// Reads YAML into structs and collects everything that is wrong, each with file, line and path.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/strict_yaml.hpp"

namespace bailiwick::yaml {

// All problems of one load.
class Report {
 public:
  void add(const std::string& file, int line, const std::string& path, const std::string& message);
  bool empty() const { return errors_.empty(); }
  // One per line, by file and line; past a hundred only their number.
  std::string text() const;

 private:
  struct Error {
    std::string file;
    int line;
    std::string text;
  };
  std::vector<Error> errors_;
};

struct Where {
  std::string file;
  int line = 1;
  std::string path;
};

class Cursor {
 public:
  Cursor(const Node& node, Where where, Report& report)
      : node_(&node), where_(std::move(where)), report_(&report) {}

  const Node& node() const { return *node_; }
  const Where& where() const { return where_; }
  Report& report() const { return *report_; }
  void fail(const std::string& message) const;
  // Says what was wanted and what is there, unless that is refused already.
  void mustBe(std::string_view wanted) const;

  // Any scalar, but not empty. True when there is one, so that its form is worth a check.
  bool read(std::string& out) const;
  void readText(std::string& out) const;  // may be empty
  void read(bool& out) const;
  void read(std::int64_t& out) const;
  void read(int& out) const;
  void read(std::optional<std::int64_t>& out) const;
  void read(std::vector<std::string>& out) const;
  void read(std::map<std::string, std::string>& out) const;
  void read(std::map<std::string, std::vector<std::string>>& out) const;

  void items(const std::function<void(const Cursor&)>& visit) const;
  void entries(const std::function<void(const std::string&, const Cursor&)>& visit) const;

 private:
  const Node* node_;
  Where where_;
  Report* report_;
};

// The fields of one map. Ask for each that may be there, then finish().
class Fields {
 public:
  explicit Fields(const Cursor& map);

  // Says that it is missing when it is.
  std::optional<Cursor> required(std::string_view key);
  std::optional<Cursor> optional(std::string_view key);

  template <class T>
  void need(std::string_view key, T& out) {
    if (const auto field = required(key)) field->read(out);
  }
  template <class T>
  void may(std::string_view key, T& out) {
    if (const auto field = optional(key)) field->read(out);
  }
  template <class T, class ReadOne>
  void mayList(std::string_view key, std::vector<T>& out, ReadOne readOne) {
    if (const auto field = optional(key))
      field->items([&](const Cursor& item) { readOne(item, out.emplace_back()); });
  }

  // Refuses every key that was not asked for.
  void finish();

 private:
  Cursor map_;
  std::vector<std::string> known_;
};

// Reads a whole file through `visit`, which gets its root. `file` is its name in errors.
void readFile(const std::string& file, std::string_view text, Report& report,
              const std::function<void(const Cursor& root)>& visit);

}  // namespace bailiwick::yaml
