#include <iterator>
#include <nlohmann/json.hpp>

#include "manifest/read_yaml.hpp"
#include "manifest/tree.hpp"

namespace bailiwick::manifest {
namespace {

// Walks over a text and counts its lines as the parser reads.
class CountingIterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = char;
  using pointer = const char*;
  using reference = const char&;
  using iterator_category = std::input_iterator_tag;

  CountingIterator(const char* at, int* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }

 private:
  const char* at_;
  int* line_;
};

class Events final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Events(Tree& tree, const int& line) : tree_(tree), line_(line) {}

  bool null() override { return add(Value::Type::Null, "null"); }
  bool boolean(bool is) override {
    Value value;
    value.boolean = is;
    return add(Value::Type::Bool, is ? "true" : "false", std::move(value));
  }
  bool number_integer(number_integer_t number) override {
    Value value;
    value.integer = number;
    return add(Value::Type::Int, std::to_string(number), std::move(value));
  }
  bool number_unsigned(number_unsigned_t number) override {
    if (number <= static_cast<number_unsigned_t>(INT64_MAX)) {
      return number_integer(static_cast<number_integer_t>(number));
    }
    return number_float(static_cast<double>(number), std::to_string(number));
  }
  bool number_float(number_float_t number, const string_t& written) override {
    Value value;
    value.number = number;
    return add(Value::Type::Float, written, std::move(value));
  }
  bool string(string_t& text) override { return add(Value::Type::String, text); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Value::Type::Map); }
  bool start_array(std::size_t) override { return open(Value::Type::List); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    tree_.key(name, line_);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool add(Value::Type type, std::string written, Value value = {}) {
    value.type = type;
    value.text = std::move(written);
    value.line = line_;
    tree_.add(std::move(value));
    return true;
  }
  bool open(Value::Type type) {
    tree_.open(type, line_);
    return true;
  }
  bool close() {
    tree_.close();
    return true;
  }

  Tree& tree_;
  const int& line_;
};

}  // namespace

std::optional<Documents> readJson(std::string_view text) {
  Documents documents;
  std::size_t nodes = maxValues;
  int line = 1;
  Tree tree(nodes, documents.problems);
  Events events(tree, line);
  try {
    const auto end = text.data() + text.size();
    if (!nlohmann::json::sax_parse(CountingIterator(text.data(), &line),
                                   CountingIterator(end, &line), &events)) {
      return std::nullopt;
    }
    documents.roots.push_back(tree.takeRoot());
  } catch (const Stop&) {
    // Told already.
  }
  return documents;
}

Documents readDocuments(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') {
    if (auto json = readJson(text)) return *std::move(json);
  }
  return readYaml(text);
}

}  // namespace bailiwick::manifest
