#include "evidence/canonical.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace bailiwick::evidence {
namespace {

using nlohmann::json;

// The code point at `at`, which moves on; nothing where the bytes are not UTF-8 (RFC 3629).
std::optional<char32_t> decode(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  const int more = lead < 0x80 ? 0 : lead < 0xC2 ? -1 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2
                   : lead < 0xF5 ? 3 : -1;
  if (more < 0 || at + static_cast<std::size_t>(more) >= text.size()) return std::nullopt;
  static constexpr unsigned char masks[] = {0x7F, 0x1F, 0x0F, 0x07};
  static constexpr char32_t least[] = {0, 0x80, 0x800, 0x10000};
  char32_t point = lead & masks[more];
  for (int i = 1; i <= more; ++i) {
    const unsigned char next = byte(at + static_cast<std::size_t>(i));
    if ((next & 0xC0) != 0x80) return std::nullopt;
    point = point << 6 | (next & 0x3F);
  }
  if (point < least[more] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
    return std::nullopt;
  }
  at += static_cast<std::size_t>(more) + 1;
  return point;
}

// RFC 8785, 3.2.3: names are ordered by their UTF-16 code units, which is neither the order of bytes
// nor that of code points.
std::optional<std::u16string> utf16(std::string_view text) {
  std::u16string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = decode(text, at);
    if (!point) return std::nullopt;
    if (*point < 0x10000) {
      result.push_back(static_cast<char16_t>(*point));
    } else {
      result.push_back(static_cast<char16_t>(0xD800 + ((*point - 0x10000) >> 10)));
      result.push_back(static_cast<char16_t>(0xDC00 + ((*point - 0x10000) & 0x3FF)));
    }
  }
  return result;
}

class Writer {
 public:
  // False once something cannot be written; `problem` says what.
  bool write(const json& value, const std::string& path, int depth) {
    if (depth > maxDepth) return refuse(path, "is nested too deeply");
    switch (value.type()) {
      case json::value_t::object: return object(value, path, depth);
      case json::value_t::array: return array(value, path, depth);
      case json::value_t::string: return string(value.get_ref<const std::string&>(), path);
      case json::value_t::number_integer: return integer(value.get<std::int64_t>(), path);
      case json::value_t::number_unsigned:
        if (value.get<std::uint64_t>() > static_cast<std::uint64_t>(maxInteger)) {
          return refuse(path, "is an integer beyond 2^53 - 1");
        }
        return integer(value.get<std::int64_t>(), path);
      default: return refuse(path, "must be an object, a list, a string or an integer");
    }
  }

  std::string text, problem;

 private:
  bool refuse(const std::string& path, const char* why) {
    problem = fmt::format("{} {}", path.empty() ? "the value" : path, why);
    return false;
  }

  bool integer(std::int64_t value, const std::string& path) {
    if (value > maxInteger || value < -maxInteger) {
      return refuse(path, "is an integer beyond 2^53 - 1");
    }
    text += std::to_string(value);
    return true;
  }

  bool string(std::string_view value, const std::string& path) {
    text += '"';
    for (std::size_t at = 0; at < value.size();) {
      const auto begin = at;
      const auto point = decode(value, at);
      if (!point) return refuse(path, "is not UTF-8");
      if (*point >= 0x20 && *point != '"' && *point != '\\') {
        text += value.substr(begin, at - begin);
      } else {
        escape(*point);
      }
    }
    text += '"';
    return true;
  }

  void escape(char32_t point) {
    switch (point) {
      case '"': text += "\\\""; return;
      case '\\': text += "\\\\"; return;
      case '\b': text += "\\b"; return;
      case '\t': text += "\\t"; return;
      case '\n': text += "\\n"; return;
      case '\f': text += "\\f"; return;
      case '\r': text += "\\r"; return;
      default: text += fmt::format("\\u{:04x}", static_cast<unsigned>(point));
    }
  }

  bool array(const json& value, const std::string& path, int depth) {
    text += '[';
    std::size_t index = 0;
    for (const auto& item : value) {
      if (index > 0) text += ',';
      if (!write(item, fmt::format("{}[{}]", path, index++), depth + 1)) return false;
    }
    text += ']';
    return true;
  }

  bool object(const json& value, const std::string& path, int depth) {
    std::vector<std::pair<std::u16string, const std::string*>> names;
    for (const auto& [name, item] : value.items()) {
      auto units = utf16(name);
      if (!units) return refuse(path, "has a name that is not UTF-8");
      const auto& own = value.find(name).key();
      names.emplace_back(*std::move(units), &own);
    }
    std::sort(names.begin(), names.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    text += '{';
    bool first = true;
    for (const auto& [units, name] : names) {
      if (!std::exchange(first, false)) text += ',';
      const auto inner = path.empty() ? *name : path + "." + *name;
      if (!string(*name, inner)) return false;
      text += ':';
      if (!write(value.at(*name), inner, depth + 1)) return false;
    }
    text += '}';
    return true;
  }
};

}  // namespace

Result<std::string> canonical(const json& value) {
  Writer writer;
  if (!writer.write(value, "", 0)) return fail(std::move(writer.problem));
  return std::move(writer.text);
}

}  // namespace bailiwick::evidence
