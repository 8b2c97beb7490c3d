#include "evidence/canonical.hpp"

#include <gtest/gtest.h>

namespace bailiwick::evidence {
namespace {

using nlohmann::json;

std::string textOf(const json& value) {
  const auto text = canonical(value);
  return text ? *text : "error: " + text.error().message;
}

// RFC 8785, 3.2.2.2 and 3.2.3, as far as evidence uses JSON.
TEST(Canonical, EscapesOnlyWhatItMustAndInOneWay) {
  EXPECT_EQ(textOf("\x20\u20ac$\x0f\nA'B\"\\\\\"/"), "\" \u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
  EXPECT_EQ(textOf("\b\t\n\f\r\x01\x1f\x7f"), "\"\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\"");
}

TEST(Canonical, OrdersNamesByTheirUtf16CodeUnits) {
  // The RFC's own example: by bytes of UTF-8 the last two would change places.
  const json value = {{"\u20ac", "Euro Sign"},
                      {"\r", "Carriage Return"},
                      {"\ufb33", "Hebrew Letter Dalet With Dagesh"},
                      {"1", "One"},
                      {"\U0001f600", "Emoji: Grinning Face"},
                      {"\u0080", "Control"},
                      {"\u00f6", "Latin Small Letter O With Diaeresis"}};
  EXPECT_EQ(textOf(value),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\","
            "\"\u00f6\":\"Latin Small Letter O With Diaeresis\",\"\u20ac\":\"Euro Sign\","
            "\"\U0001f600\":\"Emoji: Grinning Face\","
            "\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST(Canonical, WritesNoSpacesAndKeepsTheOrderOfLists) {
  EXPECT_EQ(textOf({{"b", {3, 1, 2}}, {"a", json::object()}, {"c", json::array()}}),
            R"({"a":{},"b":[3,1,2],"c":[]})");
}

TEST(Canonical, TakesIntegersThatEveryReaderReadsAlike) {
  EXPECT_EQ(textOf(maxInteger), "9007199254740991");
  EXPECT_EQ(textOf(-maxInteger), "-9007199254740991");
  EXPECT_EQ(textOf(maxInteger + 1), "error: the value is an integer beyond 2^53 - 1");
  EXPECT_EQ(textOf(std::uint64_t{1} << 63), "error: the value is an integer beyond 2^53 - 1");
  EXPECT_EQ(textOf(-maxInteger - 1), "error: the value is an integer beyond 2^53 - 1");
}

TEST(Canonical, RefusesWhatTwoProgramsMightWriteDifferently) {
  const std::string wrong = "must be an object, a list, a string or an integer";
  EXPECT_EQ(textOf({{"a", {{"b", {1, 0.5}}}}}), "error: a.b[1] " + wrong);
  EXPECT_EQ(textOf(nullptr), "error: the value " + wrong);
  EXPECT_EQ(textOf({{"a", true}}), "error: a " + wrong);
}

TEST(Canonical, RefusesTextThatIsNotUtf8) {
  for (const char* text : {"\x80", "\xc0\x80", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                           "\xe2\x28\xa1", "\xff"}) {
    EXPECT_EQ(textOf({{"a", text}}), "error: a is not UTF-8");
  }
  json name = json::object();
  name["\xff"] = 1;
  EXPECT_EQ(textOf(name), "error: the value has a name that is not UTF-8");
}

TEST(Canonical, RefusesWhatIsNestedTooDeeply) {
  json value = 1;
  for (int i = 0; i < maxDepth; ++i) value = json::array({value});
  EXPECT_TRUE(canonical(value));
  EXPECT_FALSE(canonical(json::array({value})));
}

}  // namespace
}  // namespace bailiwick::evidence
