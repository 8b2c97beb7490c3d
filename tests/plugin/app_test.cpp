#include <gmock/gmock.h>

#include <cstdlib>
#include <iomanip>
#include <nlohmann/json.hpp>

#include "plugin/run.hpp"

namespace bailiwick::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> commands() {
  std::vector<std::string> names;
  std::istringstream in(runPlugin({"__complete", ""}).out);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(":")) names.push_back(line.substr(0, line.find('\t')));
  }
  return names;
}

TEST(App, EveryCommandHasHelpWithAnExample) {
  EXPECT_GE(commands().size(), 4u);
  for (const auto& command : commands()) {
    const auto ran = runPlugin({command, "--help"});
    EXPECT_EQ(ran.code, 0) << command;
    EXPECT_THAT(ran.out, HasSubstr("Example:\n  ")) << command;
    EXPECT_THAT(ran.out, HasSubstr("bailiwick " + command)) << command;
    EXPECT_EQ(ran.err, "");
  }
  EXPECT_THAT(runPlugin({"--help"}).out, HasSubstr("Example:"));
}

TEST(App, HelpFitsEightyColumns) {
  std::vector<std::vector<std::string>> all{{"--help"}, {"exit", "status", "--help"},
                                            {"exit", "export", "--help"}};
  for (const auto& command : commands()) all.push_back({command, "--help"});
  for (const auto& arguments : all) {
    std::istringstream in(runPlugin(arguments).out);
    for (std::string line; std::getline(in, line);) EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST(App, BadUsageIsTwoAndIsExplainedOnStandardError) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"plam"}, {"plan"}, {"plan", "--bad"}, {"catalog", "cars"},
        {"catalog", "-o", "xml"}, {"completion", "tcsh"}, {"plan", "-f", "no-such-file", "--offline", "x"},
        {"plan", "-f", "x", "--offline", "x", "--against", "y"}}) {
    const auto ran = runPlugin(arguments);
    EXPECT_EQ(ran.code, 2) << ::testing::PrintToString(arguments) << ran.out;
    EXPECT_NE(ran.err, "");
    EXPECT_EQ(ran.out, "");
  }
}

TEST(App, NamesACommandThatItDoesNotKnow) {
  EXPECT_THAT(runPlugin({"plam", "-f", "x"}).err, HasSubstr("plam is no command (plan is meant?)"));
  EXPECT_THAT(runPlugin({"bogus"}).err, HasSubstr("bogus is no command; there are plan, "));
}

TEST(App, TellsItsVersion) {
  EXPECT_THAT(runPlugin({"--version"}).out, ContainsRegex("^kubectl-bailiwick [0-9]+\\."));
}

TEST(App, ColourComesOnlyWhereItIsShown) {
  EXPECT_THAT(runPlugin({"catalog"}).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(runPlugin({"catalog"}, "", 80, true).out, HasSubstr("\x1b[1m"));
}

// Arguments of the commands in the page's blocks for a shell, as far as the first pipe; words in quotes
// hold no blanks that split.
std::vector<std::vector<std::string>> documented() {
  std::vector<std::vector<std::string>> all;
  std::istringstream page(readFile(source("docs/plugin.md")));
  bool block = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```")) block = line == "```sh";
    for (const std::string prefix : {"kubectl bailiwick ", "kubectl-bailiwick "}) {
      if (!block || !line.starts_with(prefix)) continue;
      std::istringstream words(line.substr(prefix.size()));
      auto& arguments = all.emplace_back();
      for (std::string word; words >> std::quoted(word) && word != "|";) arguments.push_back(word);
    }
  }
  return all;
}

TEST(Documentation, ItsCommandsAreUnderstood) {
  std::filesystem::current_path(BAILIWICK_SOURCE);
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);  // what needs a cluster ends there
  EXPECT_GE(documented().size(), 14u);
  for (const auto& arguments : documented()) {
    const auto ran = runPlugin(arguments);
    const bool offline = ran.code == 0 || (ran.code == 1 && arguments.front() == "plan");
    const bool cluster = ran.code == 3 && ran.err.find("kubectl is not on the PATH") != std::string::npos;
    EXPECT_TRUE(offline || cluster) << ::testing::PrintToString(arguments) << ran.err;
  }
  setenv("PATH", path.c_str(), 1);
}

TEST(CatalogCommand, CountsItsSectionsAndShowsEach) {
  const auto overview = runPlugin({"catalog"});
  EXPECT_EQ(overview.code, 0);
  for (const auto* section : {"vendors", "products", "engines", "blocs", "regions"}) {
    EXPECT_THAT(overview.out, HasSubstr(section));
    const auto ran = runPlugin({"catalog", section});
    EXPECT_EQ(ran.code, 0);
    std::istringstream in(ran.out);
    for (std::string line; std::getline(in, line);) EXPECT_LE(line.size(), 80u) << line;
    const auto json = nlohmann::json::parse(runPlugin({"catalog", section, "-o", "json"}).out);
    EXPECT_FALSE(json.empty()) << section;
  }
}

TEST(Wide, HasARowInEachLineHoweverNarrowTheTerminal) {
  const auto narrow = runPlugin({"catalog", "regions", "eu-central-1", "-o", "wide"}, "", 40);
  EXPECT_EQ(narrow.out, runPlugin({"catalog", "regions", "eu-central-1", "-o", "wide"}, "", 400).out);
  EXPECT_NE(narrow.out, runPlugin({"catalog", "regions", "eu-central-1"}, "", 40).out);
}

TEST(CatalogCommand, ShowsOnlyWhatHoldsTheWord) {
  const auto ran = runPlugin({"catalog", "regions", "eu-central-1", "-o", "json"});
  const auto json = nlohmann::json::parse(ran.out);
  ASSERT_FALSE(json.empty());
  EXPECT_EQ(json[0]["country"], "DE");
  EXPECT_EQ(runPlugin({"catalog", "blocs", "atlantis"}).code, 1);
}

TEST(CatalogCommand, QuotesNorwayInYaml) {
  EXPECT_THAT(runPlugin({"catalog", "regions", "norway", "-o", "yaml"}).out,
              HasSubstr("country: \"NO\""));
}

}  // namespace
}  // namespace bailiwick::testing
