#include "api/time.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace bailiwick::api {
namespace {

TEST(Time, ReadsWhatKubernetesWrites) {
  const struct {
    const char* text;
    const char* utc;
  } cases[] = {
      {"2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000000Z"},
      {"2026-11-22T10:00:00.123456Z", "2026-11-22T10:00:00.123456Z"},
      {"2026-11-22T10:00:00.1Z", "2026-11-22T10:00:00.100000Z"},
      {"2026-11-22T10:00:00.123456789Z", "2026-11-22T10:00:00.123456Z"},
      {"2026-11-22T10:00:00+02:00", "2026-11-22T08:00:00.000000Z"},
      {"2026-11-22T10:00:00-05:30", "2026-11-22T15:30:00.000000Z"},
      {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000Z"},
      {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000Z"},
  };
  for (const auto& c : cases) {
    const auto time = parseTime(c.text);
    ASSERT_TRUE(time) << c.text;
    EXPECT_EQ(formatMicroTime(*time), c.utc);
  }
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "now", "2026-11-22", "2026-11-22 10:00:00Z", "2026-11-22T10:00:00", "2026-11-22T10:00Z",
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-22T24:00:00Z",
        "2026-11-22T10:00:60Z", "2026-11-22T10:00:00.Z", "2026-11-22T10:00:00+25:00",
        "2026-11-22T10:00:00Zx", "-026-11-22T10:00:00Z", "9999-12-31T23:59:59-01:00",
        "0000-01-01T00:00:00+01:00", "2026-11-22t10:00:00z"}) {
    EXPECT_FALSE(parseTime(text)) << text;
  }
}

TEST(Time, FormatsToTheSecondInUtc) {
  EXPECT_EQ(formatTime(*parseTime("2026-11-22T10:00:00.999Z")), "2026-11-22T10:00:00Z");
  EXPECT_EQ(formatTime(Time{}), "1970-01-01T00:00:00Z");
}

TEST(Time, RoundTrips) {
  rc::check("a formatted time reads back to itself", [] {
    // Years 0000 to 9999.
    const auto micros = *rc::gen::inRange<std::int64_t>(-62167219200000000, 253402300799999999);
    const Time time{std::chrono::microseconds{micros}};
    RC_ASSERT(parseTime(formatMicroTime(time)).value() == time);
    RC_ASSERT(parseTime(formatTime(time)).value() ==
              std::chrono::floor<std::chrono::seconds>(time));
  });
}

TEST(Duration, ReadsEachUnitInOrder) {
  const struct {
    const char* text;
    std::int64_t milliseconds;
  } cases[] = {{"10s", 10'000},           {"500ms", 500}, {"90d", 7'776'000'000},
               {"1h30m", 5'400'000},      {"0s", 0},      {"1d2h3m4s5ms", 93'784'005},
               {"9999d", 863'913'600'000}};
  for (const auto& c : cases) {
    const auto duration = parseDuration(c.text);
    ASSERT_TRUE(duration) << c.text;
    EXPECT_EQ(duration->count(), c.milliseconds) << c.text;
  }
}

TEST(Duration, RefusesWhatApiMdRefuses) {
  for (const char* text : {"", "s", "10", "-1s", "+1s", "1.5s", "1s1m", "1s1s", "10000d",
                           "9999999h", "1000000s", "1 s", "1S", "1w", "1us", "ms1"}) {
    EXPECT_FALSE(parseDuration(text)) << text;
  }
}

TEST(Duration, FormatsTheShortestSpelling) {
  const struct {
    std::int64_t milliseconds;
    const char* text;
  } cases[] = {{60'000, "1m"},
               {90'000, "90s"},
               {5'400'000, "90m"},
               {86'400'000, "1d"},
               {129'600'000, "36h"},
               {1'500, "1500ms"},
               {0, "0s"},
               {-5, "0s"},
               {7'776'000'000, "90d"},
               {864'000'060'000, "9999d24h1m"}};
  for (const auto& c : cases) EXPECT_EQ(formatDuration(Duration{c.milliseconds}), c.text);
}

TEST(Duration, RoundTrips) {
  rc::check("a formatted duration reads back to itself, and is never longer", [] {
    const auto part = [](int digits) {
      int most = 1;
      for (int i = 0; i < digits; ++i) most *= 10;
      return *rc::gen::inRange(0, most);
    };
    const std::string text = std::to_string(part(4)) + "d" + std::to_string(part(5)) + "h" +
                             std::to_string(part(5)) + "m" + std::to_string(part(6)) + "s" +
                             std::to_string(part(6)) + "ms";
    const Duration duration = parseDuration(text).value();
    const std::string formatted = formatDuration(duration);
    RC_ASSERT(parseDuration(formatted).value() == duration);
    RC_ASSERT(formatted.size() <= text.size());
  });
}

}  // namespace
}  // namespace bailiwick::api
