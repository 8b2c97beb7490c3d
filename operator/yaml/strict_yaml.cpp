#include "yaml/strict_yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>

namespace bailiwick::yaml {
namespace {

constexpr std::size_t maxDepth = 32;
constexpr std::size_t maxKeys = 1000;  // of one map

// Stops the parser, which offers no other way than an exception. The problem is already told.
struct Stop : std::exception {};

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(Document& out) : out_(out) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(leaf(mark, anchor, "", Node::Kind::Null));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problem(mark, "aliases are not accepted; write the value out");
    Node node = leaf(mark, YAML::NullAnchor, "", Node::Kind::Null);
    node.refused = true;
    add(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = leaf(mark, anchor, tag, Node::Kind::Scalar);
    node.quoted = tag == "!";
    node.scalar = value;
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(leaf(mark, anchor, tag, Node::Kind::List));
  }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(leaf(mark, anchor, tag, Node::Kind::Map));
  }

  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    std::optional<Node> key;  // of the value that comes next, in a map
  };

  Node leaf(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag,
            Node::Kind kind) {
    Node node;
    node.kind = kind;
    node.line = mark.line + 1;
    if (anchor != YAML::NullAnchor) {
      problem(mark, "anchors are not accepted; leave the & out");
      node.refused = true;
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      problem(mark, "tags are not accepted; leave the ! out");
      node.refused = true;
    }
    return node;
  }

  bool wantsKey() const {
    return !stack_.empty() && stack_.back().node.kind == Node::Kind::Map && !stack_.back().key;
  }

  void open(Node node) {
    if (stack_.size() >= maxDepth) {
      out_.problems.push_back({node.line, path(), "nested too deeply"});
      throw Stop();
    }
    stack_.push_back({std::move(node), std::nullopt});
  }

  void close() {
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    add(std::move(node));
  }

  void add(Node node) {
    if (wantsKey()) {
      takeKey(std::move(node));
    } else {
      place(std::move(node));
    }
  }

  void takeKey(Node key) {
    if (key.kind != Node::Kind::Scalar && !key.refused) {
      out_.problems.push_back({key.line, path(), "a key must be a plain word"});
    } else if (key.scalar == "<<" && !key.quoted) {
      out_.problems.push_back(
          {key.line, path(), "merge keys are not accepted; write the values out"});
    }
    stack_.back().key = std::move(key);
  }

  void place(Node node) {
    if (stack_.empty()) {
      out_.root = std::move(node);
      return;
    }
    Frame& top = stack_.back();
    if (top.node.kind == Node::Kind::List) {
      top.node.items.push_back(std::move(node));
      return;
    }
    const std::string key = top.key->scalar;
    const int line = top.key->line;
    top.key.reset();
    if (const Node* same = top.node.find(key)) {
      const std::string parent = path();
      out_.problems.push_back({line, parent.empty() ? key : parent + "." + key,
                               "given twice; it is already on line " + std::to_string(same->line)});
      return;
    }
    if (top.node.entries.size() >= maxKeys) {
      out_.problems.push_back({line, path(), "has too many keys"});
      throw Stop();
    }
    node.line = line;
    top.node.entries.emplace_back(key, std::move(node));
  }

  // Of what is read now.
  std::string path() const {
    std::string text;
    for (const Frame& frame : stack_) {
      if (frame.node.kind == Node::Kind::List)
        text += "[" + std::to_string(frame.node.items.size()) + "]";
      if (frame.key) text += (text.empty() ? "" : ".") + frame.key->scalar;
    }
    return text;
  }

  void problem(const YAML::Mark& mark, std::string message) {
    out_.problems.push_back({mark.line + 1, path(), std::move(message)});
  }

  Document& out_;
  std::vector<Frame> stack_;
};

// Whether another document follows, however much of it could be read.
bool hasMore(YAML::Parser& parser) {
  Document ignored;
  Builder further(ignored);
  try {
    return parser.HandleNextDocument(further);
  } catch (const Stop&) {
    return true;
  }
}

}  // namespace

Node::Node() = default;

const Node* Node::find(std::string_view key) const {
  const auto it = std::find_if(entries.begin(), entries.end(),
                               [&](const auto& entry) { return entry.first == key; });
  return it == entries.end() ? nullptr : &it->second;
}

Document parse(std::string_view text) {
  Document out;
  std::istringstream in{std::string(text)};
  try {
    YAML::Parser parser(in);
    Builder builder(out);
    if (!parser.HandleNextDocument(builder)) {
      out.problems.push_back({1, "", "the file is empty"});
      return out;
    }
    if (hasMore(parser)) out.problems.push_back({1, "", "only one document is accepted"});
  } catch (const Stop&) {
    return out;
  } catch (const YAML::Exception& error) {
    out.problems.push_back({error.mark.line + 1, "", "no valid YAML: " + error.msg});
  } catch (const std::exception&) {
    out.problems.push_back({1, "", "no valid YAML"});
  }
  return out;
}

Result<Node> parseStrict(std::string_view text) {
  Document document = parse(text);
  if (document.problems.empty()) return std::move(document.root);
  const Problem& first = document.problems.front();
  std::string message = "line " + std::to_string(first.line) + ": ";
  if (!first.path.empty()) message += first.path + ": ";
  return fail(message + first.message);
}

}  // namespace bailiwick::yaml
