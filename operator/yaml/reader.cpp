#include "yaml/reader.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <tuple>

namespace bailiwick::yaml {
namespace {

constexpr std::size_t maxErrors = 100;
constexpr std::size_t maxFileSize = 1 << 20;

std::string_view kindName(const Node& node) {
  switch (node.kind) {
    case Node::Kind::Null:
      return "empty";
    case Node::Kind::Scalar:
      return node.quoted ? "a quoted text" : "a text";
    case Node::Kind::Map:
      return "a map";
    case Node::Kind::List:
      return "a list";
  }
  return "";
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

}  // namespace

void Report::add(const std::string& file, int line, const std::string& path,
                 const std::string& message) {
  std::string error = file + ":" + std::to_string(line) + ": ";
  if (!path.empty()) error += path + ": ";
  errors_.push_back({file, line, error + message});
}

std::string Report::text() const {
  std::vector<Error> sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Error& a, const Error& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  std::string out;
  const std::size_t shown = std::min(sorted.size(), maxErrors);
  for (std::size_t i = 0; i < shown; ++i) out.append(i == 0 ? "" : "\n").append(sorted[i].text);
  if (errors_.size() > shown)
    out.append("\nand ").append(std::to_string(errors_.size() - shown)).append(" more");
  return out;
}

void Cursor::fail(const std::string& message) const {
  if (!node_->refused) report_->add(where_.file, where_.line, where_.path, message);
}

void Cursor::mustBe(std::string_view wanted) const {
  std::string message = "must be ";
  fail(message.append(wanted).append(", is ").append(kindName(*node_)));
}

void Cursor::readText(std::string& out) const {
  if (node_->kind != Node::Kind::Scalar) return mustBe("a text");
  out = node_->scalar;
}

bool Cursor::read(std::string& out) const {
  readText(out);
  if (node_->kind == Node::Kind::Scalar && out.empty()) fail("must not be empty");
  return !out.empty();
}

void Cursor::read(bool& out) const {
  const bool plain = node_->kind == Node::Kind::Scalar && !node_->quoted;
  if (!plain || (node_->scalar != "true" && node_->scalar != "false"))
    return mustBe("true or false");
  out = node_->scalar == "true";
}

void Cursor::read(std::int64_t& out) const {
  if (node_->kind != Node::Kind::Scalar || node_->quoted) return mustBe("an integer");
  const std::string& text = node_->scalar;
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return mustBe("an integer");
  out = value;
}

void Cursor::read(int& out) const {
  std::int64_t value = out;
  read(value);
  if (value < 0 || value > std::numeric_limits<int>::max()) return fail("is out of range");
  out = static_cast<int>(value);
}

void Cursor::read(std::optional<std::int64_t>& out) const {
  read(out.emplace());
}

void Cursor::read(std::vector<std::string>& out) const {
  items([&](const Cursor& item) { item.readText(out.emplace_back()); });
}

void Cursor::read(std::map<std::string, std::string>& out) const {
  entries([&](const std::string& key, const Cursor& value) { value.readText(out[key]); });
}

void Cursor::read(std::map<std::string, std::vector<std::string>>& out) const {
  entries([&](const std::string& key, const Cursor& value) { value.read(out[key]); });
}

void Cursor::items(const std::function<void(const Cursor&)>& visit) const {
  if (node_->kind != Node::Kind::List) return mustBe("a list");
  for (std::size_t i = 0; i < node_->items.size(); ++i) {
    const Node& item = node_->items[i];
    visit(Cursor(item, {where_.file, item.line, where_.path + "[" + std::to_string(i) + "]"},
                 *report_));
  }
}

void Cursor::entries(const std::function<void(const std::string&, const Cursor&)>& visit) const {
  if (node_->kind != Node::Kind::Map) return mustBe("a map");
  for (const auto& [key, value] : node_->entries) {
    const std::string path = where_.path.empty() ? key : where_.path + "." + key;
    visit(key, Cursor(value, {where_.file, value.line, path}, *report_));
  }
}

Fields::Fields(const Cursor& map) : map_(map) {
  if (map.node().kind != Node::Kind::Map) map.mustBe("a map");
}

std::optional<Cursor> Fields::optional(std::string_view key) {
  known_.emplace_back(key);
  const Node* value = map_.node().find(key);
  if (value == nullptr) return std::nullopt;
  const Where& parent = map_.where();
  const std::string path = (parent.path.empty() ? "" : parent.path + ".").append(key);
  return Cursor(*value, {parent.file, value->line, path}, map_.report());
}

std::optional<Cursor> Fields::required(std::string_view key) {
  auto found = optional(key);
  if (!found && map_.node().kind == Node::Kind::Map)
    map_.fail(std::string(key).append(" is missing"));
  return found;
}

void Fields::finish() {
  if (map_.node().kind != Node::Kind::Map) return;
  map_.entries([&](const std::string& key, const Cursor& value) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) return;
    std::sort(known_.begin(), known_.end());
    value.fail("unknown key; known are " + join(known_));
  });
}

void readFile(const std::string& file, std::string_view text, Report& report,
              const std::function<void(const Cursor& root)>& visit) {
  if (text.size() > maxFileSize)
    return report.add(file, 1, "", "larger than 1 MiB; split the file");
  const Document parsed = parse(text);
  for (const Problem& problem : parsed.problems)
    report.add(file, problem.line, problem.path, problem.message);
  if (parsed.root.kind == Node::Kind::Null && !parsed.problems.empty()) return;
  visit(Cursor(parsed.root, {file, 1, ""}, report));
}

}  // namespace bailiwick::yaml
