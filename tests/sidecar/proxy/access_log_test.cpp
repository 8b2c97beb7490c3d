#include "proxy/access_log.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bailiwick::sidecar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::system_clock;

TEST(AccessLog, IsOneJsonObjectALine) {
  Record record;
  record.method = "POST";
  record.path = "/v1/a\"b\n";
  record.status = 200;
  record.backend = "local";
  record.attempts = 2;
  record.stream = true;
  record.requestBytes = 12;
  record.responseBytes = 34;
  record.took = 1234567us;
  record.firstByte = 42us;
  std::string out;
  appendLine(out, Clock::time_point(1700000000s + 7ms), record);
  ASSERT_EQ(out.find('\n'), out.size() - 1);
  const auto line = nlohmann::json::parse(out);
  EXPECT_EQ(line["time"], "2023-11-14T22:13:20.007Z");
  EXPECT_EQ(line["path"], "/v1/a\"b\n");
  EXPECT_EQ(line["attempts"], 2);
  EXPECT_EQ(line["stream"], true);
  EXPECT_DOUBLE_EQ(line["ms"], 1234.567);
  EXPECT_DOUBLE_EQ(line["first_byte_ms"], 0.042);
  EXPECT_FALSE(line.contains("code"));
}

TEST(AccessLog, SaysTheSecondOfEachLine) {
  std::string out;
  appendLine(out, Clock::time_point(1700000000s), {});
  appendLine(out, Clock::time_point(1700000001s + 999ms), {});
  EXPECT_NE(out.find("22:13:20.000Z"), std::string::npos);
  EXPECT_NE(out.find("22:13:21.999Z"), std::string::npos);
}

}  // namespace
}  // namespace bailiwick::sidecar
