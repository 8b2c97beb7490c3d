#include "manifest/read_yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <sstream>

#include "manifest/scalar.hpp"
#include "manifest/tree.hpp"

namespace bailiwick::manifest {
namespace {

constexpr std::string_view yamlTag = "tag:yaml.org,2002:";

// What YAML's own tags say of a scalar; nothing for any other tag.
std::optional<Value> taggedScalar(std::string_view tag, const std::string& written) {
  Value value;
  value.text = written;
  value.type = Value::Type::String;
  if (tag == "!" || tag == std::string(yamlTag) + "str") return value;
  if (tag.empty() || tag == "?") return plainScalar(written);
  if (!tag.starts_with(yamlTag)) return std::nullopt;
  tag.remove_prefix(yamlTag.size());
  if (tag == "int" || tag == "bool" || tag == "float") return plainScalar(written);
  if (tag == "null") return Value{};
  return tag == "timestamp" ? std::optional(value) : std::nullopt;
}

// The name that kubectl makes of a key that is no text.
std::string keyName(const Value& value) {
  if (value.type == Value::Type::Bool) return value.boolean ? "true" : "false";
  if (value.type == Value::Type::Int) return std::to_string(value.integer);
  return value.text;
}

class Events final : public YAML::EventHandler {
 public:
  Events(std::size_t& nodes, std::vector<Problem>& problems) : tree_(nodes, problems) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Value value;
    value.line = lineOf(mark);
    add(std::move(value), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) {
      tree_.problem(lineOf(mark), "the alias stands for something that contains it");
      throw Stop();
    }
    auto value = known->second;
    value.line = lineOf(mark);
    add(std::move(value), YAML::NullAnchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& written) override {
    auto value = taggedScalar(tag, written);
    if (!value) {
      tree_.problem(lineOf(mark), "tag " + tag + " is not understood: leave it out");
      value.emplace();
    }
    value->line = lineOf(mark);
    if (tree_.wantsKey() && !merging() && tag == "?" && written == "<<") {
      mergeAt_.push_back(tree_.depth());
      tree_.key("<<", value->line);
      return;
    }
    add(std::move(*value), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Value::Type::List, lineOf(mark), anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Value::Type::Map, lineOf(mark), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  Value takeRoot() { return tree_.takeRoot(); }

 private:
  static int lineOf(const YAML::Mark& mark) { return mark.line + 1; }

  // Whether the next value belongs to the "<<" of the map that is open.
  bool merging() const { return !mergeAt_.empty() && mergeAt_.back() == tree_.depth(); }

  void add(Value value, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = value;
    if (merging()) return merge(value);
    if (!tree_.wantsKey()) return tree_.add(std::move(value));
    if (value.isMap() || value.isList() || value.isNull()) {
      tree_.problem(value.line, "a key must be a plain word");
    }
    tree_.key(keyName(value), value.line);
  }

  void merge(const Value& value) {
    mergeAt_.pop_back();
    if (!value.isList()) return tree_.merge(value, value.line);
    // Earlier ones win.
    for (auto item = value.items.rbegin(); item != value.items.rend(); ++item) {
      tree_.merge(*item, value.line);
    }
  }

  void open(Value::Type type, int line, YAML::anchor_t anchor) {
    if (tree_.wantsKey()) {
      tree_.problem(line, "a key must be a plain word");
      throw Stop();
    }
    opened_.push_back(anchor);
    tree_.open(type, line);
  }

  void close() {
    tree_.close();
    const auto anchor = opened_.back();
    opened_.pop_back();
    if (anchor != YAML::NullAnchor) anchors_[anchor] = *tree_.last();
    if (merging()) mergeWritten();
  }

  // A merge key with its value written out: it was placed as a field of that name.
  void mergeWritten() { merge(tree_.takeBack()); }

  Tree tree_;
  std::map<YAML::anchor_t, Value> anchors_;
  std::vector<YAML::anchor_t> opened_;
  std::vector<std::size_t> mergeAt_;  // depths of the maps whose "<<" is being read
};

}  // namespace

Documents readYaml(std::string_view text) {
  Documents documents;
  std::size_t nodes = maxValues;
  std::istringstream in{std::string(text)};
  try {
    YAML::Parser parser(in);
    for (;;) {
      Events events(nodes, documents.problems);
      if (!parser.HandleNextDocument(events)) break;
      auto root = events.takeRoot();
      if (!root.isNull()) documents.roots.push_back(std::move(root));
    }
  } catch (const Stop&) {
    // Told already.
  } catch (const YAML::Exception& error) {
    documents.problems.push_back({error.mark.line + 1, "", "no valid YAML: " + error.msg});
  } catch (const std::exception&) {
    documents.problems.push_back({1, "", "no valid YAML"});
  }
  return documents;
}

}  // namespace bailiwick::manifest
