#include "api/time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>

namespace bailiwick::api {
namespace {

// Reads one RFC 3339 time from left to right; every step fails softly and leaves `ok` false.
struct TimeReader {
  std::string_view rest;
  bool ok = true;

  int digits(std::size_t count) {
    if (rest.size() < count) return refuse();
    int value = 0;
    for (char c : rest.substr(0, count)) {
      if (c < '0' || c > '9') return refuse();
      value = value * 10 + (c - '0');
    }
    rest.remove_prefix(count);
    return value;
  }

  void literal(char expected) {
    if (!accept(expected)) refuse();
  }

  bool accept(char expected) {
    if (rest.empty() || rest.front() != expected) return false;
    rest.remove_prefix(1);
    return true;
  }

  // Digits after the point; more than six are read and dropped.
  std::int64_t microseconds() {
    std::int64_t value = 0;
    std::size_t count = 0;
    for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; ++count) {
      if (count < 6) value = value * 10 + (rest.front() - '0');
      rest.remove_prefix(1);
    }
    if (count == 0) refuse();
    for (; count < 6; ++count) value *= 10;
    return value;
  }

  std::chrono::minutes offset() {
    if (accept('Z')) return std::chrono::minutes{0};
    const bool east = accept('+');
    if (!east) literal('-');
    const int hours = digits(2);
    literal(':');
    const int minutes = digits(2);
    if (hours > 23 || minutes > 59) refuse();
    const std::chrono::minutes total{hours * 60 + minutes};
    return east ? total : -total;
  }

  int refuse() {
    ok = false;
    rest = {};
    return 0;
  }
};

struct DurationUnit {
  std::string_view suffix;
  std::int64_t milliseconds;
  std::int64_t largest;  // what api.md's pattern allows before the suffix
  std::size_t digits;
};

constexpr std::array<DurationUnit, 5> durationUnits{{
    {"d", 86'400'000, 9'999, 4},
    {"h", 3'600'000, 99'999, 5},
    {"m", 60'000, 99'999, 5},
    {"s", 1'000, 999'999, 6},
    {"ms", 1, 999'999, 6},
}};

using Parts = std::array<std::int64_t, durationUnits.size()>;

// Moves every part whose bit is set into the next smaller unit: 1h30m becomes 90m.
bool merge(Parts& parts, unsigned mask) {
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if ((mask >> i & 1U) == 0) continue;
    parts[i + 1] += parts[i] * (durationUnits[i].milliseconds / durationUnits[i + 1].milliseconds);
    parts[i] = 0;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] > durationUnits[i].largest) return false;
  }
  return true;
}

std::string spell(const Parts& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] != 0) text.append(std::to_string(parts[i])).append(durationUnits[i].suffix);
  }
  return text;
}

std::string formatSeconds(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return buffer.data();
}

}  // namespace

Result<Time> parseTime(std::string_view text) {
  TimeReader reader{text};
  const std::chrono::year year{reader.digits(4)};
  reader.literal('-');
  const std::chrono::month month{static_cast<unsigned>(reader.digits(2))};
  reader.literal('-');
  const std::chrono::day day{static_cast<unsigned>(reader.digits(2))};
  reader.literal('T');
  const int hour = reader.digits(2);
  reader.literal(':');
  const int minute = reader.digits(2);
  reader.literal(':');
  const int second = reader.digits(2);
  const std::int64_t fraction = reader.accept('.') ? reader.microseconds() : 0;
  const std::chrono::minutes offset = reader.offset();
  const std::chrono::year_month_day date{year, month, day};
  if (!reader.ok || !reader.rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 59)
    return fail("must be an RFC 3339 time such as 2026-11-22T10:00:00Z");
  const Time time = Time{std::chrono::sys_days{date}} + std::chrono::hours{hour} +
                    std::chrono::minutes{minute} + std::chrono::seconds{second} +
                    std::chrono::microseconds{fraction} - offset;
  // An offset can push a time out of the four-digit years in which it could be written again.
  const auto utcYear =
      std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(time)}.year();
  if (utcYear < std::chrono::year{0} || utcYear > std::chrono::year{9999})
    return fail("must lie in the years 0000 to 9999 UTC");
  return time;
}

std::string formatTime(Time time) {
  return formatSeconds(time) + "Z";
}

std::string formatMicroTime(Time time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06dZ",
                static_cast<int>((time - second).count()));
  return formatSeconds(time) + fraction.data();
}

Result<Duration> parseDuration(std::string_view text) {
  const Error malformed{"must be a duration such as 90d, 1h30m, 10s or 500ms"};
  std::int64_t total = 0;
  std::size_t next = 0;  // the largest unit that may still come
  std::string_view rest = text;
  if (rest.empty()) return tl::unexpected(malformed);
  while (!rest.empty()) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const std::string_view number = rest.substr(0, digits);
    rest.remove_prefix(digits);
    const std::string_view suffix =
        rest.substr(0, std::min(rest.find_first_of("0123456789"), rest.size()));
    rest.remove_prefix(suffix.size());
    const auto* unit = std::find_if(durationUnits.begin() + next, durationUnits.end(),
                                    [&](const DurationUnit& u) { return u.suffix == suffix; });
    if (unit == durationUnits.end() || number.empty() || number.size() > unit->digits)
      return tl::unexpected(malformed);
    std::int64_t value = 0;
    std::from_chars(number.data(), number.data() + number.size(), value);
    total += value * unit->milliseconds;
    next = static_cast<std::size_t>(unit - durationUnits.begin()) + 1;
  }
  return Duration{total};
}

std::string formatDuration(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest <= 0) return "0s";
  Parts parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = std::min(rest / durationUnits[i].milliseconds, durationUnits[i].largest);
    rest -= parts[i] * durationUnits[i].milliseconds;
  }
  std::string shortest = spell(parts);
  for (unsigned mask = 1; mask < (1U << (parts.size() - 1)); ++mask) {
    Parts merged = parts;
    if (!merge(merged, mask)) continue;
    std::string text = spell(merged);
    if (text.size() < shortest.size()) shortest = std::move(text);
  }
  return shortest;
}

}  // namespace bailiwick::api
