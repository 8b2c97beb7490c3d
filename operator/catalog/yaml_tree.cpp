#include "catalog/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>

namespace bailiwick::catalog {
namespace {

// Stops the parser, which offers no other way than an exception. The problem is already told.
struct TooDeep : std::exception {};

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(ParsedFile& out) : out_(out) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(leaf(mark, anchor, "", Tree::Kind::Null));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problem(mark, "aliases are not accepted; write the value out");
    Tree tree = leaf(mark, YAML::NullAnchor, "", Tree::Kind::Null);
    tree.refused = true;
    add(std::move(tree));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Tree tree = leaf(mark, anchor, tag, Tree::Kind::Scalar);
    tree.quoted = tag == "!";
    tree.scalar = value;
    add(std::move(tree));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(leaf(mark, anchor, tag, Tree::Kind::List));
  }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(leaf(mark, anchor, tag, Tree::Kind::Map));
  }

  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Tree tree;
    std::optional<Tree> key;  // of the value that comes next, in a map
  };

  Tree leaf(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag,
            Tree::Kind kind) {
    Tree tree;
    tree.kind = kind;
    tree.line = mark.line + 1;
    if (anchor != YAML::NullAnchor) {
      problem(mark, "anchors are not accepted; leave the & out");
      tree.refused = true;
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      problem(mark, "tags are not accepted; leave the ! out");
      tree.refused = true;
    }
    return tree;
  }

  bool wantsKey() const {
    return !stack_.empty() && stack_.back().tree.kind == Tree::Kind::Map && !stack_.back().key;
  }

  void open(Tree tree) {
    if (stack_.size() >= maxDepth) {
      out_.problems.push_back({tree.line, path(), "nested too deeply"});
      throw TooDeep();
    }
    stack_.push_back({std::move(tree), std::nullopt});
  }

  void close() {
    Tree tree = std::move(stack_.back().tree);
    stack_.pop_back();
    add(std::move(tree));
  }

  void add(Tree tree) {
    if (wantsKey()) {
      takeKey(std::move(tree));
    } else {
      place(std::move(tree));
    }
  }

  void takeKey(Tree key) {
    if (key.kind != Tree::Kind::Scalar && !key.refused) {
      out_.problems.push_back({key.line, path(), "a key must be a plain word"});
    } else if (key.scalar == "<<" && !key.quoted) {
      out_.problems.push_back(
          {key.line, path(), "merge keys are not accepted; write the values out"});
    }
    stack_.back().key = std::move(key);
  }

  void place(Tree tree) {
    if (stack_.empty()) {
      out_.root = std::move(tree);
      return;
    }
    Frame& top = stack_.back();
    if (top.tree.kind == Tree::Kind::List) {
      top.tree.items.push_back(std::move(tree));
      return;
    }
    const std::string key = top.key->scalar;
    const int line = top.key->line;
    top.key.reset();
    const auto& entries = top.tree.entries;
    const auto same = std::find_if(entries.begin(), entries.end(),
                                   [&](const Tree::Entry& e) { return e.key == key; });
    if (same != entries.end()) {
      const std::string parent = path();
      out_.problems.push_back({line, parent.empty() ? key : parent + "." + key,
                               "given twice; it is already on line " + std::to_string(same->line)});
      return;
    }
    top.tree.entries.push_back({key, line, std::move(tree)});
  }

  // Of what is read now.
  std::string path() const {
    std::string text;
    for (const Frame& frame : stack_) {
      if (frame.tree.kind == Tree::Kind::List)
        text += "[" + std::to_string(frame.tree.items.size()) + "]";
      if (frame.key) text += (text.empty() ? "" : ".") + frame.key->scalar;
    }
    return text;
  }

  void problem(const YAML::Mark& mark, std::string message) {
    out_.problems.push_back({mark.line + 1, path(), std::move(message)});
  }

  ParsedFile& out_;
  std::vector<Frame> stack_;
};

}  // namespace

ParsedFile parseYaml(std::string_view text) {
  ParsedFile out;
  if (text.size() > maxFileSize) {
    out.problems.push_back({1, "", "larger than 1 MiB; split the file"});
    return out;
  }
  std::istringstream in{std::string(text)};
  try {
    YAML::Parser parser(in);
    TreeBuilder builder(out);
    if (!parser.HandleNextDocument(builder)) {
      out.problems.push_back({1, "", "the file is empty"});
      return out;
    }
    ParsedFile ignored;
    TreeBuilder further(ignored);
    if (parser.HandleNextDocument(further))
      out.problems.push_back({1, "", "only one document is accepted"});
  } catch (const TooDeep&) {
    return out;
  } catch (const YAML::Exception& error) {
    out.problems.push_back({error.mark.line + 1, "", "no valid YAML: " + error.msg});
  } catch (const std::exception&) {
    out.problems.push_back({1, "", "no valid YAML"});
  }
  return out;
}

}  // namespace bailiwick::catalog
