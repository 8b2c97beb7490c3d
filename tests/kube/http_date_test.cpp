#include "kube/http_date.hpp"

#include <gtest/gtest.h>

namespace bailiwick::kube {
namespace {

using namespace std::chrono;

TEST(HttpDate, ReadsTheFormThatServersSend) {
  EXPECT_EQ(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"),
            sys_days{1994y / November / 6} + 8h + 49min + 37s);
  EXPECT_EQ(parseHttpDate("Thu, 29 Feb 2024 23:59:60 GMT"), sys_days{2024y / March / 1} + 0s);
}

TEST(HttpDate, IsNothingInAnyOtherForm) {
  for (const char* text :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    EXPECT_FALSE(parseHttpDate(text)) << text;
  }
}

}  // namespace
}  // namespace bailiwick::kube
