#pragma once
// Classes of bytes (RFC 9110, section 5.6; RFC 3986) and comparisons that know ASCII only.

#include <array>
#include <cstdint>
#include <string_view>

namespace bailiwick::sidecar::http {

enum CharClass : std::uint8_t {
  tokenChar = 1,    // of a method or a field name
  lineChar = 2,     // of any line: no control but the tab
  targetChar = 4,   // of a path or a query
  hostChar = 8,     // of a Host field
  digitChar = 16,
  hexChar = 32,
};

inline constexpr std::array<std::uint8_t, 256> charClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&classes](std::string_view chars, unsigned to) {
    for (const char c : chars) {
      auto& entry = classes[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | to);
    }
  };
  constexpr std::string_view digits = "0123456789";
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  add(digits, digitChar | hexChar | tokenChar | targetChar | hostChar);
  add(letters, tokenChar | targetChar | hostChar);
  add("abcdefABCDEF", hexChar);
  add("!#$%&'*+-.^_`|~", tokenChar);
  add("-._~!$&'()*+,;=:@/?%", targetChar);
  add("-._~:[]", hostChar);
  for (unsigned c = 0x20; c < 256; ++c)
    if (c != 0x7f) classes[c] = static_cast<std::uint8_t>(classes[c] | lineChar);
  classes['\t'] = static_cast<std::uint8_t>(classes['\t'] | lineChar);
  return classes;
}();

constexpr bool is(char c, CharClass wanted) {
  return (charClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

constexpr bool all(std::string_view text, CharClass wanted) {
  for (const char c : text)
    if (!is(c, wanted)) return false;
  return true;
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// `small` is in lower case.
constexpr bool equalsNoCase(std::string_view text, std::string_view small) {
  if (text.size() != small.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (lower(text[i]) != small[i]) return false;
  return true;
}

constexpr bool startsNoCase(std::string_view text, std::string_view small) {
  return text.size() >= small.size() && equalsNoCase(text.substr(0, small.size()), small);
}

// -1 for what is no hexadecimal digit.
constexpr int hexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

// Without the spaces and tabs around it.
constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `use` with each element of a comma list, trimmed, empty ones too; stops when it says false.
template <class Use>
constexpr bool everyElement(std::string_view list, Use use) {
  while (true) {
    const auto comma = list.find(',');
    if (!use(trimmed(list.substr(0, comma)))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace bailiwick::sidecar::http
