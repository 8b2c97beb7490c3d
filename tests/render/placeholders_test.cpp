#include "render/placeholders.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace bailiwick::render {
namespace {

TEST(Placeholders, AreReplacedWholeAndInside) {
  const Placeholders values = {{"port", "8000"}, {"host", "127.0.0.1"}, {"a", "{port}"}};
  struct Row {
    const char* text;
    const char* result;
  };
  const Row rows[] = {
      {"{port}", "8000"},
      {"--bind={host}:{port}", "--bind=127.0.0.1:8000"},
      {"{unknown}", "{unknown}"},
      {R"({"port": 1})", R"({"port": 1})"},
      {R"({"x": "{port}"})", R"({"x": "8000"})"},
      {"{a}", "{port}"},
      {"{{port}}", "{8000}"},
      {"{port", "{port"},
      {"port}", "port}"},
      {"{}", "{}"},
      {"", ""},
  };
  for (const Row& row : rows) EXPECT_EQ(substitute(row.text, values), row.result) << row.text;
}

RC_GTEST_PROP(Placeholders, LeaveTextAloneWhereNothingIsKnown, (const std::string& text)) {
  RC_ASSERT(substitute(text, {}) == text);
}

// How Kubernetes reads it: "$$" is a dollar, "$(NAME)" a variable if it exists.
std::string expanded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '(') return "expanded";
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '$') ++i;
    out += text[i];
  }
  return out;
}

RC_GTEST_PROP(Literal, IsReadBackByKubernetesAsItWas, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('$', '(', 'A', ')'));
  RC_ASSERT(expanded(literal(text)) == text);
}

}  // namespace
}  // namespace bailiwick::render
