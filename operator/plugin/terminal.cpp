#include "plugin/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace bailiwick::plugin {
namespace {

constexpr std::size_t narrowest = 40, widest = 200;

std::string_view escapeOf(Paint paint) {
  switch (paint) {
    case Paint::Good:
      return "\x1b[32m";
    case Paint::Bad:
      return "\x1b[31m";
    case Paint::Warn:
      return "\x1b[33m";
    case Paint::Dim:
      return "\x1b[2m";
    case Paint::Bold:
      return "\x1b[1m";
    case Paint::None:
      break;
  }
  return "";
}

bool isSet(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

std::size_t columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return std::clamp<std::size_t>(size.ws_col, narrowest, widest);
}

// Where a line of at most `width` ends: after a whole word, else after a part of a name, else
// anywhere.
std::size_t lineEnd(std::string_view text, std::size_t width) {
  if (widthOf(text) <= width) return text.size();
  constexpr auto none = std::string_view::npos;
  std::size_t at = 0, columns = 0, space = none, part = none;
  while (at < text.size()) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (begins && columns++ == width) break;
    if (text[at] == ' ') space = at;
    if (partEnds.find(text[at]) != none) part = at + 1;
    ++at;
  }
  if (at < text.size() && text[at] == ' ') return at;
  if (space != none && space > 0) return space;
  return part == none ? at : part;
}

}  // namespace

std::string Terminal::paint(std::string_view text, Paint paint) const {
  if (!colour || paint == Paint::None || text.empty()) return std::string(text);
  return std::string(escapeOf(paint)).append(text).append("\x1b[0m");
}

std::string harmless(std::string_view text) {
  std::string shown;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
    if (byte < 0x20 || byte == 0x7f) {
      shown += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {  // U+0080 to U+009F
      shown += fmt::format("\\x{:02x}", next);
      ++at;
    } else {
      shown += text[at];
    }
  }
  return shown;
}

Terminal standardTerminal() {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const char* kind = std::getenv("TERM");
  const bool dumb = !kind || std::string_view(kind) == "dumb";
  return {std::cout, std::cerr, std::cin, terminal ? columns() : 80,
          terminal && !dumb && !isSet("NO_COLOR"), terminal && !dumb};
}

std::size_t widthOf(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  const auto shown = harmless(text);
  text = shown;
  std::string out;
  while (!text.empty()) {
    const auto end = lineEnd(text, std::max<std::size_t>(width, 1));
    if (!out.empty()) out.append("\n").append(indent, ' ');
    out.append(text.substr(0, end));
    text.remove_prefix(end);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  return out;
}

}  // namespace bailiwick::plugin
