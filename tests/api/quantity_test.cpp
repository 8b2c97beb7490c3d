#include "api/quantity.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <limits>

namespace bailiwick::api {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

TEST(Quantity, ReadsEverySpellingOfTheApiServer) {
  const struct {
    const char* text;
    std::int64_t milli, units;
  } cases[] = {
      {"1", 1000, 1},
      {"0", 0, 0},
      {"-0", 0, 0},
      {"100m", 100, 1},
      {"1500m", 1500, 2},
      {"-1500m", -1500, -2},
      {"+2", 2000, 2},
      {"0.5", 500, 1},
      {".5", 500, 1},
      {"5.", 5000, 5},
      {"1k", 1'000'000, 1000},
      {"1Ki", 1'024'000, 1024},
      {"140Gi", 150'323'855'360'000, 150'323'855'360},
      {"1.5Gi", 1'610'612'736'000, 1'610'612'736},
      {"1e3", 1'000'000, 1000},
      {"1E3", 1'000'000, 1000},
      {"1e-3", 1, 1},
      {"12e+2", 1'200'000, 1200},
      {"1n", 1, 1},
      {"1u", 1, 1},
      {"1E", most, 1'000'000'000'000'000'000},
      {"1Ei", most, 1'152'921'504'606'846'976},
      {"9223372036854775807", most, most},
      {"8Ei", most, most},
      {"1e999", most, most},
      {"-1e999", std::numeric_limits<std::int64_t>::min(),
       std::numeric_limits<std::int64_t>::min()},
      {"1e-999", 1, 1},
      {"0e999", 0, 0},
      {"00000000000000000000000000000008", 8000, 8},
      {"1.00000000000000000000000000000", 1000, 1},
      {"1.00000000000000000000000000001", 1001, 2},
      {"123456789012345678901234567890", most, most},
  };
  for (const auto& c : cases) {
    ASSERT_TRUE(parseMilli(c.text)) << c.text;
    EXPECT_EQ(*parseMilli(c.text), c.milli) << c.text;
    EXPECT_EQ(*parseUnits(c.text), c.units) << c.text;
  }
}

TEST(Quantity, RefusesWhatTheApiServerRefuses) {
  for (const char* text :
       {"",     " ",    ".",     "-",   "+",  "Gi",    "1 Gi",  "1gi", "1K",  "1kb",  "1GiB",
        "0x10", "1..2", "1.2.3", "--1", "1e", "1e1.5", "1e+-5", "1m1", "NaN", "1_000"}) {
    EXPECT_FALSE(parseMilli(text)) << text;
  }
}

TEST(Quantity, SurvivesAnyText) {
  rc::check("no text crashes the parser", [](const std::string& text) {
    parseMilli(text);
    parseUnits(text);
    parseThousandths(text);
  });
  rc::check("nor does text that looks like a quantity", [] {
    const auto text = *rc::gen::container<std::string>(rc::gen::element(
        '0', '1', '9', '.', '-', '+', 'e', 'E', 'm', 'n', 'K', 'k', 'M', 'G', 'T', 'P', 'i'));
    parseMilli(text);
  });
}

TEST(Quantity, FormattedBytesReadBack) {
  rc::check("formatBytes", [] {
    const auto bytes = *rc::gen::inRange<std::int64_t>(0, most);
    RC_ASSERT(parseUnits(formatBytes(bytes)).value() == bytes);
  });
  EXPECT_EQ(formatBytes(150'323'855'360), "140Gi");
  EXPECT_EQ(formatBytes(0), "0");
  EXPECT_EQ(formatBytes(1023), "1023");
  EXPECT_EQ(formatBytes(std::int64_t{1} << 60), "1Ei");
}

TEST(Thousandths, ReadsDecimalsOfTheApi) {
  const struct {
    const char* text;
    std::int64_t value;
  } cases[] = {{"0.5", 500}, {"96.00", 96'000}, {"1000", 1'000'000},
               {"0", 0},     {"0.001", 1},      {"999999999999.999", 999'999'999'999'999}};
  for (const auto& c : cases) EXPECT_EQ(parseThousandths(c.text).value(), c.value) << c.text;
  for (const char* text : {"", ".5", "1.", "1.0000", "-1", "1e3", "1,5", "1000000000000", " 1"})
    EXPECT_FALSE(parseThousandths(text)) << text;
}

TEST(Thousandths, FormatsTheShortestDecimal) {
  EXPECT_EQ(formatThousandths(500), "0.5");
  EXPECT_EQ(formatThousandths(1000), "1");
  EXPECT_EQ(formatThousandths(1001), "1.001");
  EXPECT_EQ(formatThousandths(-500), "-0.5");
  rc::check("it reads back", [] {
    const auto value = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000);
    RC_ASSERT(parseThousandths(formatThousandths(value)).value() == value);
  });
}

}  // namespace
}  // namespace bailiwick::api
