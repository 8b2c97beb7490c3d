#include "api/quantity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace bailiwick::api {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr Wide wideLimit = static_cast<Wide>(1) << 124;
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

// mantissa * 10^exponent10 * 2^exponent2. `inexact`: digits beyond the mantissa were dropped.
struct Number {
  bool negative = false;
  bool inexact = false;
  Wide mantissa = 0;
  int exponent10 = 0;
  int exponent2 = 0;
};

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

// Keeps 19 digits, one more than an int64 can tell apart: 10^19 * 2^60 stays within wideLimit.
bool readDigits(std::string_view& rest, Number& number) {
  bool any = false, fraction = false;
  int kept = 0;
  for (; !rest.empty(); rest.remove_prefix(1)) {
    const char c = rest.front();
    if (c == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (!isDigit(c)) break;
    any = true;
    if (kept == 19) {
      number.inexact = number.inexact || c != '0';
      if (!fraction && number.exponent10 < 1'000'000) ++number.exponent10;
      continue;
    }
    number.mantissa = number.mantissa * 10 + static_cast<unsigned>(c - '0');
    if (number.mantissa != 0) ++kept;
    if (fraction) --number.exponent10;
  }
  return any;
}

bool readSuffix(std::string_view suffix, Number& number) {
  static constexpr std::array<std::pair<std::string_view, int>, 9> decimal{{{"n", -9},
                                                                            {"u", -6},
                                                                            {"m", -3},
                                                                            {"k", 3},
                                                                            {"M", 6},
                                                                            {"G", 9},
                                                                            {"T", 12},
                                                                            {"P", 15},
                                                                            {"E", 18}}};
  static constexpr std::array<std::pair<std::string_view, int>, 6> binary{
      {{"Ki", 10}, {"Mi", 20}, {"Gi", 30}, {"Ti", 40}, {"Pi", 50}, {"Ei", 60}}};
  if (suffix.empty()) return true;
  for (const auto& [name, exponent] : decimal) {
    if (suffix != name) continue;
    number.exponent10 += exponent;
    return true;
  }
  for (const auto& [name, exponent] : binary) {
    if (suffix != name) continue;
    number.exponent2 = exponent;
    return true;
  }
  if (suffix.front() != 'e' && suffix.front() != 'E') return false;
  suffix.remove_prefix(1);
  const bool plus = !suffix.empty() && suffix.front() == '+';
  if (plus) suffix.remove_prefix(1);
  if (suffix.empty() || (plus && suffix.front() == '-')) return false;
  std::int64_t exponent = 0;
  const char* end = suffix.data() + suffix.size();
  const auto [stop, error] = std::from_chars(suffix.data(), end, exponent);
  if (error != std::errc{} || stop != end) return false;
  number.exponent10 += static_cast<int>(std::clamp<std::int64_t>(exponent, -1'000'000, 1'000'000));
  return true;
}

// Rounded away from zero, as Quantity.Value does.
std::int64_t toInteger(const Number& number) {
  Wide value = number.mantissa << number.exponent2;
  bool remainder = number.inexact;
  for (int e = number.exponent10; e > 0 && value != 0 && value < wideLimit; --e) value *= 10;
  for (int e = number.exponent10; e < 0 && value != 0; ++e) {
    remainder = remainder || value % 10 != 0;
    value /= 10;
  }
  if (remainder) ++value;
  if (value > static_cast<Wide>(largest))
    return number.negative ? std::numeric_limits<std::int64_t>::min() : largest;
  const auto magnitude = static_cast<std::int64_t>(value);
  return number.negative ? -magnitude : magnitude;
}

Result<std::int64_t> parse(std::string_view quantity, int scale10) {
  Number number;
  std::string_view rest = quantity;
  if (!rest.empty() && (rest.front() == '+' || rest.front() == '-')) {
    number.negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  if (!readDigits(rest, number) || !readSuffix(rest, number))
    return fail("must be a Kubernetes quantity such as 500m, 4 or 140Gi");
  number.exponent10 += scale10;
  return toInteger(number);
}

std::string trimmedFraction(std::int64_t thousandths) {
  std::string digits = std::to_string(1000 + thousandths).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

}  // namespace

Result<std::int64_t> parseMilli(std::string_view quantity) {
  return parse(quantity, 3);
}

Result<std::int64_t> parseUnits(std::string_view quantity) {
  return parse(quantity, 0);
}

Result<std::int64_t> parseThousandths(std::string_view decimal) {
  const std::size_t point = std::min(decimal.find('.'), decimal.size());
  const std::string_view whole = decimal.substr(0, point);
  const std::string_view fraction =
      point == decimal.size() ? std::string_view("0") : decimal.substr(point + 1);
  const bool valid = !whole.empty() && whole.size() <= 12 && !fraction.empty() &&
                     fraction.size() <= 3 && std::all_of(whole.begin(), whole.end(), isDigit) &&
                     std::all_of(fraction.begin(), fraction.end(), isDigit);
  if (!valid) return fail("must be a decimal with up to three places such as \"0.5\" or \"96.00\"");
  std::int64_t value = 0;
  for (char c : whole) value = value * 10 + (c - '0');
  for (std::size_t i = 0; i < 3; ++i)
    value = value * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  return value;
}

std::string formatThousandths(std::int64_t thousandths) {
  const std::string whole = std::to_string(thousandths / 1000);
  const std::int64_t rest = thousandths % 1000;
  if (rest == 0) return whole;
  const bool lostSign = thousandths < 0 && thousandths > -1000;
  return (lostSign ? "-" : "") + whole + "." + trimmedFraction(rest < 0 ? -rest : rest);
}

std::string formatBytes(std::int64_t bytes) {
  static constexpr std::array<std::string_view, 7> suffixes{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  std::size_t unit = 0;
  for (; bytes != 0 && bytes % 1024 == 0 && unit + 1 < suffixes.size(); ++unit) bytes /= 1024;
  return std::to_string(bytes).append(suffixes[unit]);
}

}  // namespace bailiwick::api
