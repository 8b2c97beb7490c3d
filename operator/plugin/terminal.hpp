#pragma once
// Where a command writes, and what that place can show.

#include <iosfwd>
#include <string>
#include <string_view>

namespace bailiwick::plugin {

enum class Paint { None, Good, Bad, Warn, Dim, Bold };

constexpr std::size_t unlimitedWidth = 1'000'000;

struct Terminal {
  std::ostream& out;
  std::ostream& err;
  std::istream& in;
  std::size_t width = 80;  // columns
  bool colour = false;
  bool interactive = false;  // what is written may be written over

  std::string paint(std::string_view text, Paint paint) const;
};

// Standard output, error and input. Colour only where standard output is a terminal and neither
// NO_COLOR is set nor TERM is "dumb".
Terminal standardTerminal();

// Text from a file or a server in which no character commands the terminal: control characters are shown
// as "\x1b". Line feeds are too, so that no text passes for a line of ours.
std::string harmless(std::string_view text);

// A word that is too long for its line is broken after one of these, if it has any.
inline constexpr std::string_view partEnds = "/-_.,=";

// Columns that a UTF-8 text takes, one for each character.
std::size_t widthOf(std::string_view text);

// The text, made harmless, in lines of at most `width`, broken between words, and inside a word only where it is
// longer than a line, then after one of its parts (as in a-long/name) if it has any. Lines after the first begin with `indent` spaces.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent = 0);

}  // namespace bailiwick::plugin
