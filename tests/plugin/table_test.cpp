#include "plugin/table.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "plugin/print.hpp"

namespace bailiwick::plugin {
namespace {

struct Screen {
  std::ostringstream out, err;
  std::istringstream in;
  Terminal terminal{out, err, in, 80, false, false};
};

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

TEST(Wrapped, BreaksBetweenWordsAndIndentsWhatFollows) {
  EXPECT_EQ(wrapped("one two three", 7, 2), "one two\n  three");
  EXPECT_EQ(wrapped("", 7), "");
}

TEST(Wrapped, AndCellsShowWhatWouldCommandTheTerminal) {
  EXPECT_EQ(wrapped("a\x1b[2Jb\nREFUSED", 80), "a\\x1b[2Jb\\x0aREFUSED");
  Table table({"NAME"});
  table.add({std::string("a\x1b[2Jb\nc")});
  EXPECT_EQ(table.str(Screen().terminal), "NAME\na\\x1b[2Jb\\x0ac\n");
}

TEST(Wrapped, BreaksALongNameAfterOneOfItsParts) {
  EXPECT_EQ(wrapped("amd-instinct-mi300x-oam", 14), "amd-instinct-\nmi300x-oam");
  EXPECT_EQ(wrapped("abcdefghij", 4), "abcd\nefgh\nij");
}

TEST(Wrapped, CountsCharactersAndNotBytes) {
  EXPECT_EQ(wrapped("Zürich Köln", 6), "Zürich\nKöln");
  EXPECT_EQ(wrapped("üüüü", 2), "üü\nüü");
}

TEST(TableTest, AlignsItsColumnsAndLeavesNoBlanksAtTheEnd) {
  Screen screen;
  Table table({"A", "LONG HEADER", "C"});
  table.add({"first", "x", ""});
  table.add({"2", "yy", "z"});
  EXPECT_EQ(table.str(screen.terminal, 1), " A      LONG HEADER  C\n first  x\n 2      yy           z\n");
}

TEST(TableTest, IsNeverWiderThanTheTerminal) {
  Screen screen;
  for (const std::size_t width : {40u, 60u, 80u, 200u}) {
    screen.terminal.width = width;
    Table table({"DEPLOYMENT", "CHANGE", "WHY"});
    table.add({"assistants/deepseek-v3-2-eu", "changed",
               "NoMatchingPool: no node that offers nvidia.com/gpu has product NVIDIA-L4"});
    for (const auto& line : lines(table.str(screen.terminal, 2))) EXPECT_LE(widthOf(line), width) << line;
  }
}

TEST(TableTest, CutsNoWordInTwoWhereAnotherColumnCanGiveWay) {
  Screen screen;
  Table table({"DEPLOYMENT", "REPLACEMENT", "PHASE"});
  table.add({"assistants/mistral-large-3-eu", "NoAlternative", "NoNewPlacement"});
  screen.terminal.width = 50;
  const auto text = table.str(screen.terminal);
  EXPECT_THAT(text, ::testing::HasSubstr("NoAlternative  NoNewPlacement\n"));
  screen.terminal.width = 30;
  for (const auto& line : lines(table.str(screen.terminal))) EXPECT_LE(widthOf(line), 30u) << line;
}

TEST(TableTest, ColourTakesNoRoom) {
  Screen screen;
  Table table({"A", "B"});
  table.add({{"x", Paint::Good}, "y"});
  const auto plain = table.str(screen.terminal);
  screen.terminal.colour = true;
  const auto painted = table.str(screen.terminal);
  EXPECT_THAT(painted, ::testing::HasSubstr("\x1b[32mx\x1b[0m  y"));
  EXPECT_EQ(lines(plain).size(), lines(painted).size());
}

TEST(Yaml, KeepsTextsTextWhateverTheyLookLike) {
  EXPECT_EQ(yamlOf({{"country", "NO"}, {"n", 1}, {"empty", nlohmann::ordered_json::array()},
                    {"list", {{{"a", true}}, nullptr}}}),
            "country: \"NO\"\nn: 1\nempty: []\nlist:\n  - a: true\n  - ~\n");
}

}  // namespace
}  // namespace bailiwick::plugin
