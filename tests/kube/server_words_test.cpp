#include "kube/server_words.hpp"

#include <gtest/gtest.h>

#include "kube/error.hpp"

namespace bailiwick::kube::test {
namespace {

TEST(ServerWords, ATokenThatIsRepeatedIsHidden) {
  EXPECT_EQ(serverWords("no route for Authorization: Bearer abc.DEF-123_/+=, sorry"),
            "no route for Authorization: Bearer [hidden], sorry");
  EXPECT_EQ(serverWords("BEARER  x1 and bearer y2\nend"), "BEARER  [hidden] and bearer [hidden] end");
  EXPECT_EQ(serverWords("token 'eyJhbGciOi.eyJzdWIi.c2ln' is unknown"), "token '[hidden]' is unknown");
  EXPECT_EQ(serverWords("bearer"), "bearer");
  EXPECT_EQ(serverWords("bearer "), "bearer ");
  EXPECT_EQ(serverWords(""), "");
}

TEST(ServerWords, AreShortAndOfNoControlCharacters) {
  EXPECT_EQ(serverWords("a\x1b[31mb\r\nc\x7f"), "a [31mb  c ");
  EXPECT_EQ(serverWords(std::string(5000, 'x')), std::string(1021, 'x') + "...");
  EXPECT_EQ(serverWords("x" + std::string(1020, 'y') + "\u00fc\u00fc\u00fc").size(), 1024u);
  EXPECT_EQ(serverWords(std::string(1020, 'y') + "\u00fc\u00fc\u00fc"), std::string(1020, 'y') + "...")
      << "no letter is cut in two";
}

TEST(ServerWords, ATokenAtTheCutIsHiddenAsAWhole) {
  const auto words = serverWords(std::string(1000, 'x') + " Bearer " + std::string(500, 't'));
  EXPECT_EQ(words.find("tt"), std::string::npos) << words;
}

TEST(ServerWords, AreWhatAnErrorShows) {
  const auto error = toApiError(
      ResponseHead{500, "application/json", std::nullopt},
      R"({"kind":"Status","reason":"Bearer a","message":"\u001b[2J Bearer abc","code":500})");
  EXPECT_EQ(error.message, " [2J Bearer [hidden]");
  EXPECT_EQ(error.reason, "Bearer [hidden]");
}

TEST(ServerWords, OnesOwnSecretIsTakenOutOfAnyText) {
  EXPECT_EQ(without(Secret("opaque-1"), "got opaque-1 and opaque-1."), "got [hidden] and [hidden].");
  EXPECT_EQ(without(Secret(), "x"), "x");
  EXPECT_EQ(without(Secret("is"), "this is"), "this is") << "too short to be one";
}

}  // namespace
}  // namespace bailiwick::kube::test
