#include "yaml/strict_yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/parser.h>
#include <yaml-cpp/yaml.h>
#include <algorithm>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace bailiwick::yaml {
namespace {

constexpr std::size_t maxDepth = 32;
constexpr std::size_t maxKeys = 1000;  // of one map

struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] void refuse(const YAML::Mark& mark, const std::string& why) {
  throw Refused("line " + std::to_string(mark.line + 1) + ": " + why);
}

class Builder final : public YAML::EventHandler {
 public:
  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, anchor, "", Node{Node::Kind::Null, mark.line + 1, {}, {}, {}});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases are not accepted; write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // A plain scalar has the tag "?", a quoted one "!": only a plain one can be null.
    const bool null = tag == "?" && (value.empty() || value == "~" || value == "null");
    const auto kind = null ? Node::Kind::Null : Node::Kind::Scalar;
    add(mark, anchor, tag, Node{kind, mark.line + 1, null ? "" : value, {}, {}});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, tag, Node::Kind::List);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, tag, Node::Kind::Map);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    std::optional<std::string> key;
  };

  static void check(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag) {
    if (anchor != YAML::NullAnchor) refuse(mark, "anchors are not accepted; leave the & out");
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags are not accepted");
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag,
            Node::Kind kind) {
    check(mark, anchor, tag);
    const bool asKey =
        !stack_.empty() && stack_.back().node.kind == Node::Kind::Map && !stack_.back().key;
    if (asKey) refuse(mark, "a key must be a plain word");
    if (stack_.size() >= maxDepth) refuse(mark, "nested too deeply");
    stack_.push_back({Node{kind, mark.line + 1, {}, {}, {}}, std::nullopt});
  }

  void close() {
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    place(std::move(node));
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag, Node node) {
    check(mark, anchor, tag);
    if (!stack_.empty() && stack_.back().node.kind == Node::Kind::Map && !stack_.back().key) {
      takeKey(mark, node);
    } else {
      place(std::move(node));
    }
  }

  void takeKey(const YAML::Mark& mark, const Node& node) {
    Frame& map = stack_.back();
    if (node.kind != Node::Kind::Scalar) refuse(mark, "a key must be a plain word");
    if (node.scalar == "<<") refuse(mark, "merge keys are not accepted; write the values out");
    if (map.node.find(node.scalar)) refuse(mark, "the key " + node.scalar + " is given twice");
    if (map.node.entries.size() >= maxKeys) refuse(mark, "too many keys in one map");
    map.key = node.scalar;
  }

  void place(Node node) {
    if (stack_.empty()) {
      root_ = std::move(node);
    } else if (Frame& top = stack_.back(); top.node.kind == Node::Kind::List) {
      top.node.items.push_back(std::move(node));
    } else {
      top.node.entries.emplace_back(*std::exchange(top.key, std::nullopt), std::move(node));
    }
  }

  Node root_;
  std::vector<Frame> stack_;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto it = std::find_if(entries.begin(), entries.end(),
                               [&](const auto& entry) { return entry.first == key; });
  return it == entries.end() ? nullptr : &it->second;
}

Result<Node> parseStrict(std::string_view text) {
  std::istringstream in{std::string(text)};
  try {
    YAML::Parser parser(in);
    Builder builder;
    if (!parser.HandleNextDocument(builder)) return fail("line 1: the file is empty");
    Builder further;
    if (parser.HandleNextDocument(further)) return fail("line 1: only one document is accepted");
    return builder.take();
  } catch (const Refused& refused) {
    return fail(refused.what());
  } catch (const YAML::Exception& error) {
    return fail("line " + std::to_string(error.mark.line + 1) + ": no valid YAML: " + error.msg);
  } catch (const std::exception&) {
    return fail("line 1: no valid YAML");
  }
}

}  // namespace bailiwick::yaml
