#pragma once
// Builds a Value from a parser's events. Equal keys of a map are problems, and so is what would
// nest or grow without bound. Internal to the readers.

#include <cstddef>
#include <exception>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "manifest/value.hpp"

namespace bailiwick::manifest {

// Ends a parser, which offers no other way than an exception. The problem is already told.
struct Stop : std::exception {};

class Tree {
 public:
  // `nodes`: how many values all documents of a text may still have, aliases written out.
  Tree(std::size_t& nodes, std::vector<Problem>& problems) : nodes_(nodes), problems_(problems) {}

  // A scalar, or what an alias stands for.
  void add(Value value);
  void open(Value::Type type, int line);
  void close();
  // Of the map that is open. The next value is its own.
  void key(std::string name, int line);
  bool wantsKey() const;
  // Takes the fields of `from` into the open map, over what it has already (YAML 1.1's merge key, as
  // kubectl reads it). A problem when it is no map.
  void merge(const Value& from, int line);

  // The field that was placed last, out of the open map again.
  Value takeBack();

  void problem(int line, std::string message);
  std::size_t depth() const { return stack_.size(); }
  const Value& root() const { return root_; }
  Value takeRoot() { return std::move(root_); }
  // The value that was completed last; valid until the next event.
  const Value* last() const { return last_; }

 private:
  struct Frame {
    Value value;
    std::optional<std::string> key;
    int keyLine = 0;
    std::set<std::string> merged;  // keys that a merge brought: what is written out replaces them
  };
  void count(const Value& value);
  void place(Value value);
  std::string path() const;

  std::size_t& nodes_;
  std::vector<Problem>& problems_;
  std::vector<Frame> stack_;
  Value root_;
  const Value* last_ = nullptr;
};

}  // namespace bailiwick::manifest
