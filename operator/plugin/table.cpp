#include "plugin/table.hpp"

#include <algorithm>
#include <sstream>

namespace bailiwick::plugin {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 12;  // to which any column gives way before the first does

// The widest part of a text that lines break within only where nothing else helps.
std::size_t widestPart(std::string_view text) {
  std::size_t widest = 0;
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    const auto part = std::min(text.find_first_of(partEnds), text.size());
    const auto end = part < space ? part + 1 : space;
    widest = std::max(widest, widthOf(text.substr(0, end)));
    text.remove_prefix(end == space ? std::min(space + 1, text.size()) : end);
  }
  return widest;
}

std::vector<std::string> linesOf(const std::string& text, std::size_t width) {
  std::vector<std::string> lines;
  std::istringstream in(wrapped(text, width));
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  if (lines.empty()) lines.emplace_back();
  return lines;
}

std::string rowText(const std::vector<Cell>& row, const std::vector<std::size_t>& widths,
                    const Terminal& terminal, std::size_t indent) {
  std::vector<std::vector<std::string>> cells;
  std::size_t height = 0;
  for (std::size_t c = 0; c < row.size(); ++c) {
    cells.push_back(linesOf(row[c].text, widths[c]));
    height = std::max(height, cells.back().size());
  }
  std::string out;
  for (std::size_t line = 0; line < height; ++line) {
    std::string text(indent, ' ');
    std::size_t owed = 0;  // spaces before the next word, if one comes
    for (std::size_t c = 0; c < row.size(); ++c) {
      const auto word = line < cells[c].size() ? cells[c][line] : std::string();
      if (!word.empty()) {
        text.append(owed, ' ').append(terminal.paint(word, row[c].paint));
        owed = 0;
      }
      owed += widths[c] - widthOf(word) + gap;
    }
    out.append(text).append("\n");
  }
  return out;
}

}  // namespace

// What the widest cells want; where that is too much the widest columns give way, the first one, which
// names its row, last. Words are cut in two only where that is not enough.
std::vector<std::size_t> Table::widths(std::size_t room) const {
  std::vector<std::size_t> widths, whole;
  for (std::size_t c = 0; c < header_.size(); ++c) {
    widths.push_back(widthOf(header_[c]));
    whole.push_back(widths.back());
    for (const auto& row : rows_) {
      widths[c] = std::max(widths[c], widthOf(row[c].text));
      whole[c] = std::max(whole[c], widestPart(row[c].text));
    }
  }
  const auto total = [&] {
    std::size_t sum = gap * (widths.size() - 1);
    for (const auto width : widths) sum += width;
    return sum;
  };
  const auto widest = [&](std::size_t from, auto&& least) {
    auto at = widths.size();
    for (auto c = from; c < widths.size(); ++c) {
      if (widths[c] > least(c) && (at == widths.size() || widths[c] > widths[at])) at = c;
    }
    return at;
  };
  const auto giveWay = [&](auto&& least) {
    while (total() > room) {
      auto at = widest(1, [&](std::size_t c) { return std::max(least(c), narrowest); });
      if (at == widths.size()) at = widest(0, least);
      if (at == widths.size()) return;
      --widths[at];
    }
  };
  giveWay([&](std::size_t c) { return whole[c]; });
  giveWay([](std::size_t) { return std::size_t{1}; });
  return widths;
}

std::string Table::str(const Terminal& terminal, std::size_t indent) const {
  const auto columns = widths(terminal.width > indent ? terminal.width - indent : 1);
  std::vector<Cell> header;
  for (const auto& name : header_) header.emplace_back(name, Paint::Bold);
  auto text = rowText(header, columns, terminal, indent);
  for (const auto& row : rows_) text += rowText(row, columns, terminal, indent);
  return text;
}

}  // namespace bailiwick::plugin
