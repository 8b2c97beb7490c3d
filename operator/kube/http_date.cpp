#include "kube/http_date.hpp"

#include <array>
#include <algorithm>

namespace bailiwick::kube {
namespace {

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// -1 where there is something else than digits.
int number(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parseHttpDate(std::string_view text) {
  using namespace std::chrono;
  // Day, DD Mon YYYY HH:MM:SS GMT
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' ||
      text[16] != ' ' || text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const auto name = std::find(months.begin(), months.end(), text.substr(8, 3));
  const int dayOfMonth = number(text.substr(5, 2)), inYear = number(text.substr(12, 4));
  const int hour = number(text.substr(17, 2)), minute = number(text.substr(20, 2));
  const int second = number(text.substr(23, 2));
  if (name == months.end() || dayOfMonth < 0 || inYear < 0 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60) {
    return std::nullopt;
  }
  const year_month_day date{year{inYear},
                            month{static_cast<unsigned>(name - months.begin()) + 1},
                            day{static_cast<unsigned>(dayOfMonth)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

}  // namespace bailiwick::kube
