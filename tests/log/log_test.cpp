#include "log/log.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bailiwick::log {
namespace {

TEST(LogLine, IsJsonWithEachFieldUnderItsOwnKey) {
  const auto text = line(Format::Json, "applied",
                         {{"object", "Service/a"}, {"replicas", 3}, {"remove", true}});
  const auto parsed = nlohmann::json::parse("{" + text + "}");
  EXPECT_EQ(parsed, (nlohmann::json{{"message", "applied"},
                                    {"object", "Service/a"},
                                    {"replicas", 3},
                                    {"remove", true}}));
}

TEST(LogLine, StaysOneLineOfJsonWhateverItIsTold) {
  const auto text = line(Format::Json, "failed", {{"error", "a \"b\"\n{\"level\":\"x\"}\\\xff"}});
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_TRUE(nlohmann::json::accept("{" + text + "}"));
}

TEST(LogLine, QuotesInTextWhatCouldBeTakenForSomethingElse) {
  EXPECT_EQ(line(Format::Text, "failed", {{"object", "pods/a"}, {"error", "two words"}}),
            "failed object=pods/a error=\"two words\"");
  EXPECT_EQ(line(Format::Text, "failed", {{"error", "x\n2026 info forged"}}),
            "failed error=\"x\\n2026 info forged\"");
  EXPECT_EQ(line(Format::Text, "failed", {{"error", ""}}), "failed error=\"\"");
}

}  // namespace
}  // namespace bailiwick::log
