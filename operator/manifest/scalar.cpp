#include "manifest/scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace bailiwick::manifest {
namespace {

using Words = std::array<std::string_view, 11>;
constexpr Words trueWords{"y",    "Y",    "yes", "Yes", "YES", "true",
                          "True", "TRUE", "on",  "On",  "ON"};
constexpr Words falseWords{"n",     "N",     "no",  "No",  "NO", "false",
                           "False", "FALSE", "off", "Off", "OFF"};

bool isOneOf(const Words& words, std::string_view written) {
  return std::find(words.begin(), words.end(), written) != words.end();
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// Go's strconv.ParseInt with base 0: a prefix tells the base, a leading 0 is octal.
int takeBase(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  const char mark = static_cast<char>(digits[1] | 0x20);
  const int base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
  digits.remove_prefix(base == 0 ? 1 : 2);
  return base == 0 ? 8 : base;
}

std::optional<std::int64_t> integerOf(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !isDigit(text.front())) return std::nullopt;
  const int base = takeBase(text);
  std::uint64_t magnitude = 0;
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, magnitude, base);
  if (error != std::errc{} || at != end) return std::nullopt;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > most + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? -magnitude : magnitude);
}

// ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$
bool looksLikeFloat(std::string_view text) {
  std::size_t at = 0;
  const auto sign = [&] {
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  };
  const auto digits = [&] {
    const auto from = at;
    while (at < text.size() && isDigit(text[at])) ++at;
    return at > from;
  };
  sign();
  const bool whole = digits();
  const bool point = at < text.size() && text[at] == '.';
  if (point) ++at;
  const bool fraction = point && digits();
  if (!whole && !fraction) return false;
  if (at < text.size() && (text[at] | 0x20) == 'e') {
    ++at;
    sign();
    if (!digits()) return false;
  }
  return at == text.size();
}

std::optional<double> floatOf(std::string_view text) {
  if (!looksLikeFloat(text)) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  return number;
}

}  // namespace

Value plainScalar(std::string_view written) {
  Value value;
  value.text = written;
  value.type = Value::Type::String;
  if (isOneOf(trueWords, written) || isOneOf(falseWords, written)) {
    value.type = Value::Type::Bool;
    value.boolean = isOneOf(trueWords, written);
    return value;
  }
  if (written.empty() || (!isDigit(written.front()) && written.front() != '-' &&
                          written.front() != '+' && written.front() != '.')) {
    return value;
  }
  std::string plain(written);
  std::erase(plain, '_');
  if (const auto integer = integerOf(plain)) {
    value.type = Value::Type::Int;
    value.integer = *integer;
  } else if (const auto number = floatOf(plain)) {
    value.type = Value::Type::Float;
    value.number = *number;
  }
  return value;
}

}  // namespace bailiwick::manifest
