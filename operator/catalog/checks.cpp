#include "catalog/checks.hpp"

#include <algorithm>

namespace bailiwick::catalog {
namespace {

bool isLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool isUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isAlphanumeric(char c) {
  return isLower(c) || isUpper(c) || isDigit(c);
}

bool isName(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && isAlphanumeric(text.front()) &&
         isAlphanumeric(text.back()) && std::all_of(text.begin(), text.end(), [](char c) {
           return isAlphanumeric(c) || c == '-' || c == '_' || c == '.';
         });
}

bool isDomain(std::string_view text) {
  return isName(text, 253) &&
         std::none_of(text.begin(), text.end(), [](char c) { return isUpper(c) || c == '_'; });
}

bool isEnvName(std::string_view text) {
  return !text.empty() && !isDigit(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return isAlphanumeric(c) || c == '_'; });
}

// Every text below a node, with the cursor that names it.
void eachText(const Cursor& at, const std::function<void(const Cursor&)>& visit) {
  switch (at.node().kind) {
    case yaml::Node::Kind::Null:
      return;
    case yaml::Node::Kind::Scalar:
      return visit(at);
    case yaml::Node::Kind::List:
      return at.items([&](const Cursor& item) { eachText(item, visit); });
    case yaml::Node::Kind::Map:
      return at.entries([&](const std::string&, const Cursor& value) { eachText(value, visit); });
  }
}

void checkOne(const Cursor& text, std::initializer_list<std::string_view> known) {
  std::string_view rest = text.node().scalar;
  while (true) {
    const std::size_t open = rest.find('{');
    if (open == std::string_view::npos) return;
    rest.remove_prefix(open + 1);
    const auto end =
        std::find_if_not(rest.begin(), rest.end(), [](char c) { return isLower(c) || isUpper(c); });
    const auto word = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    const bool closed = end != rest.end() && *end == '}';
    if (!closed || word.empty()) continue;
    if (std::find(known.begin(), known.end(), word) == known.end())
      text.fail("unknown placeholder {" + std::string(word) + "}");
  }
}

}  // namespace

bool isId(std::string_view text) {
  return isName(text, 63) && isDomain(text);
}

bool isCountry(std::string_view text) {
  return text.size() == 2 && isUpper(text[0]) && isUpper(text[1]);
}

bool isBlocName(std::string_view text) {
  return text.size() >= 2 && text.size() <= 16 && isUpper(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return isUpper(c) || isDigit(c); });
}

bool isLabelKey(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return isName(text, 63);
  return isDomain(text.substr(0, slash)) && isName(text.substr(slash + 1), 63);
}

bool isLabelValue(std::string_view text) {
  return isName(text, 63);
}

bool isLocationId(std::string_view text) {
  std::string name(text);
  std::replace(name.begin(), name.end(), '/', '-');
  return isName(name, 63);
}

bool isImage(std::string_view text) {
  if (text.find('@') != std::string_view::npos)
    return text.find("@sha256:") != std::string_view::npos;
  const std::size_t slash = text.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? text : text.substr(slash + 1);
  const std::size_t colon = last.find(':');
  return colon != std::string_view::npos && colon > 0 && isName(last.substr(colon + 1), 128);
}

void checkLabelKey(const Cursor& at, std::string_view key) {
  if (!isLabelKey(key)) at.fail("must be a label key such as example.com/name");
}

void checkLabelValues(const Cursor& list, const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    if (!isLabelValue(value)) list.fail("\"" + value + "\" cannot be the value of a label");
  }
}

void checkAbsolutePaths(const Cursor& list, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (!path.starts_with('/') || path.find("..") != std::string::npos)
      list.fail("\"" + path + "\" must be an absolute path without ..");
  }
}

void checkEnvNames(const Cursor& map) {
  map.entries([](const std::string& name, const Cursor& value) {
    if (!isEnvName(name)) value.fail("must be the name of an environment variable");
  });
}

void checkPlaceholders(const Cursor& at, std::initializer_list<std::string_view> known) {
  eachText(at, [&](const Cursor& text) { checkOne(text, known); });
}

}  // namespace bailiwick::catalog
