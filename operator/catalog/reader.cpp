#include "catalog/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bailiwick::catalog {

using yaml::Node;

At At::child(const Node& other, std::string_view key) const {
  return {other, path.empty() ? std::string(key) : fmt::format("{}.{}", path, key)};
}

At At::item(std::size_t index) const {
  return {node.items[index], fmt::format("{}[{}]", path, index)};
}

void Reader::error(const At& at, const std::string& what) {
  errors_.push_back(fmt::format("{}:{}: {}: {}", file_, at.node.line,
                                at.path.empty() ? "the file" : at.path, what));
}

void Reader::map(const At& at, std::initializer_list<Field> fields) {
  if (at.node.kind != Node::Kind::Map) return error(at, "must be a map");
  for (const auto& [key, value] : at.node.entries) {
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& f) { return f.key == key; });
    if (field == fields.end()) {
      error(at.child(value, key), "no such field; check its spelling");
    } else {
      field->read(at.child(value, key));
    }
  }
  for (const auto& field : fields) {
    if (field.required && !at.node.find(field.key)) {
      error(at, fmt::format("{} is required", field.key));
    }
  }
}

void Reader::list(const At& at, const std::function<void(const At&)>& item) {
  if (at.node.kind != Node::Kind::List) return error(at, "must be a list");
  for (std::size_t i = 0; i < at.node.items.size(); ++i) item(at.item(i));
}

void Reader::text(const At& at, std::string& out) {
  if (at.node.kind != Node::Kind::Scalar || at.node.scalar.empty()) {
    return error(at, "must be a text that is not empty");
  }
  out = at.node.scalar;
}

void Reader::texts(const At& at, std::vector<std::string>& out) {
  out.clear();
  list(at, [&](const At& item) {
    std::string value;
    text(item, value);
    if (std::find(out.begin(), out.end(), value) != out.end()) {
      error(item, fmt::format("{} is given twice", value));
    }
    out.push_back(std::move(value));
  });
}

void Reader::pairs(const At& at, std::map<std::string, std::string>& out) {
  if (at.node.kind != Node::Kind::Map) return error(at, "must be a map");
  for (const auto& [key, value] : at.node.entries) {
    if (value.kind != Node::Kind::Scalar) {
      error(at.child(value, key), "must be a text");
    } else {
      out[key] = value.scalar;
    }
  }
}

void Reader::boolean(const At& at, bool& out) {
  const bool yes = at.node.scalar == "true";
  if (at.node.kind != Node::Kind::Scalar || (!yes && at.node.scalar != "false")) {
    return error(at, "must be true or false");
  }
  out = yes;
}

void Reader::integer(const At& at, std::int64_t min, std::int64_t max, std::int64_t& out) {
  std::int64_t value = 0;
  const auto& scalar = at.node.scalar;
  const auto* end = scalar.data() + scalar.size();
  const auto [rest, failed] = std::from_chars(scalar.data(), end, value);
  if (at.node.kind != Node::Kind::Scalar || failed != std::errc{} || rest != end || value < min ||
      value > max) {
    return error(at, fmt::format("must be a whole number from {} to {}", min, max));
  }
  out = value;
}

}  // namespace bailiwick::catalog
