#include "proxy/trace.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bailiwick::sidecar {
namespace {

constexpr std::string_view good = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";

TEST(TraceParent, KeepsTheClientsTraceAndMakesASpanOfItsOwn) {
  Random random(1);
  const TraceParent trace(good, random);
  EXPECT_EQ(trace.traceId(), good.substr(3, 32));
  EXPECT_EQ(trace.text().substr(53), "01");
  EXPECT_NE(trace.text().substr(36, 16), good.substr(36, 16));
  EXPECT_TRUE(isTraceParent(trace.text()));
  EXPECT_TRUE(trace.continues());
}

TEST(TraceParent, BeginsATraceWhereTheClientSentNoValidOne) {
  Random random(1);
  std::string upper(good);
  upper[10] = 'A';
  for (const std::string_view text :
       {std::string_view(), std::string_view("junk"), std::string_view(upper),
        std::string_view("00-00000000000000000000000000000000-0123456789abcdef-01"),
        std::string_view("00-0123456789abcdef0123456789abcdef-0000000000000000-01"),
        std::string_view("ff-0123456789abcdef0123456789abcdef-0123456789abcdef-01")}) {
    const TraceParent trace(text, random);
    EXPECT_FALSE(isTraceParent(text)) << text;
    EXPECT_FALSE(trace.continues());
    EXPECT_TRUE(isTraceParent(trace.text())) << trace.text();
    EXPECT_NE(trace.traceId(), good.substr(3, 32));
  }
}

}  // namespace
}  // namespace bailiwick::sidecar
