#include "manifest/tree.hpp"

namespace bailiwick::manifest {
namespace {

constexpr std::size_t maxDepth = 100;

}  // namespace

void Tree::problem(int line, std::string message) {
  problems_.push_back({line, path(), std::move(message)});
}

std::string Tree::path() const {
  std::string text;
  for (const auto& frame : stack_) {
    if (frame.value.isList()) text += "[" + std::to_string(frame.value.items.size()) + "]";
    if (frame.key) text += (text.empty() ? "" : ".") + *frame.key;
  }
  return text;
}

bool Tree::wantsKey() const {
  return !stack_.empty() && stack_.back().value.isMap() && !stack_.back().key;
}

void Tree::count(const Value& value) {
  if (nodes_ == 0) {
    problem(value.line, "holds too many values: split the file, or write aliases out");
    throw Stop();
  }
  --nodes_;
  for (const auto& item : value.items) count(item);
  for (const auto& [name, field] : value.fields) count(field);
}

void Tree::add(Value value) {
  count(value);
  place(std::move(value));
}

void Tree::open(Value::Type type, int line) {
  if (stack_.size() >= maxDepth) {
    problem(line, "is nested too deeply");
    throw Stop();
  }
  Value value;
  value.type = type;
  value.line = line;
  count(value);
  stack_.push_back({std::move(value), std::nullopt, 0, {}});
}

void Tree::close() {
  auto value = std::move(stack_.back().value);
  stack_.pop_back();
  place(std::move(value));
}

void Tree::key(std::string name, int line) {
  stack_.back().key = std::move(name);
  stack_.back().keyLine = line;
}

void Tree::place(Value value) {
  if (stack_.empty()) {
    root_ = std::move(value);
    last_ = &root_;
    return;
  }
  auto& top = stack_.back();
  if (top.value.isList()) {
    last_ = &top.value.items.emplace_back(std::move(value));
    return;
  }
  value.line = top.keyLine;
  if (auto* same = top.value.find(*top.key)) {
    if (top.merged.erase(*top.key) > 0) {
      *same = std::move(value);
    } else {
      problem(top.keyLine, "is given twice; it is already on line " + std::to_string(same->line));
    }
    top.key.reset();
    last_ = same;
    return;
  }
  top.value.fields.push_back({*top.key, std::move(value)});
  last_ = &top.value.fields.back().value;
  top.key.reset();
}

Value Tree::takeBack() {
  auto& fields = stack_.back().value.fields;
  auto value = std::move(fields.back().value);
  fields.pop_back();
  return value;
}

void Tree::merge(const Value& from, int line) {
  auto& top = stack_.back();
  top.key.reset();
  if (!from.isMap()) return problem(line, "<< needs a map, or a list of maps");
  for (const auto& [name, field] : from.fields) {
    count(field);
    if (auto* same = top.value.find(name)) {
      *same = field;
    } else {
      top.merged.insert(name);
      top.value.fields.push_back({name, field});
    }
  }
}

}  // namespace bailiwick::manifest
