#include "proxy/config_map_watch.hpp"

#include <gtest/gtest.h>

namespace bailiwick::sidecar {
namespace {

using Kind = WatchEvent::Kind;

TEST(WatchLine, YieldsTheTableOfAPresentConfigMap) {
  for (const char* type : {"ADDED", "MODIFIED"}) {
    const auto event =
        parseWatchLine(std::string("{\"type\":\"") + type +
                       R"(","object":{"metadata":{"uid":"u"},"data":{"routes.yaml":"a: b"}}})");
    EXPECT_EQ(event.kind, Kind::Table);
    EXPECT_EQ(event.uid, "u");
    EXPECT_EQ(event.text, "a: b");
  }
}

TEST(WatchLine, TakesNoTableFromWhatSaysNothingOfThePresentState) {
  for (const char* line :
       {R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1"}}})",
        R"({"type":"DELETED","object":{"metadata":{"uid":"u"},"data":{"routes.yaml":"a: b"}}})",
        R"({"type":"ADDED","object":{"metadata":{"uid":"u"},"data":{}}})",
        R"({"type":"ADDED","object":{"metadata":{"uid":"u"},"data":{"routes.yaml":7}}})",
        R"({"type":"ADDED","object":{"data":{"routes.yaml":"a: b"}}})"})
    EXPECT_EQ(parseWatchLine(line).kind, Kind::Alive) << line;
}

TEST(WatchLine, TellsWhyAWatchHasToBeginAnew) {
  const auto gone = parseWatchLine(
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}})");
  EXPECT_EQ(gone.kind, Kind::Broken);
  EXPECT_EQ(gone.fault, "too old");
  for (const char* line : {"", "<html>", "{}", "[]", R"({"type":"ADDED"})", R"({"object":7})"})
    EXPECT_EQ(parseWatchLine(line).kind, Kind::Broken) << line;
}

}  // namespace
}  // namespace bailiwick::sidecar
