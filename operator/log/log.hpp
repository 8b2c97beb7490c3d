#pragma once
// Structured log lines: a message that is always the same, and fields that are not. One JSON object a
// line, or text for people. No value is trusted: what could end a line or a string is escaped.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace bailiwick::log {

struct Field {
  Field(std::string_view name, std::string_view text) : key(name), value(std::string(text)) {}
  Field(std::string_view name, const char* text) : key(name), value(std::string(text)) {}
  Field(std::string_view name, const std::string& text) : key(name), value(text) {}
  Field(std::string_view name, bool yes) : key(name), value(yes) {}
  template <std::integral T>
  Field(std::string_view name, T number) : key(name), value(static_cast<std::int64_t>(number)) {}

  std::string_view key;  // lower case with underscores; not time, level or message
  std::variant<std::string, std::int64_t, bool> value;
};
using Fields = std::initializer_list<Field>;

enum class Format { Json, Text };

// To standard error. `level` is debug, info, warn or error.
void setUp(Format format, const std::string& level);

// The part of a line that follows time and level.
std::string line(Format format, std::string_view message, Fields fields);

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

}  // namespace bailiwick::log
