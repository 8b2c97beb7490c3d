#include "plugin/table.hpp"

#include <algorithm>
#include <sstream>

namespace bailiwick::plugin {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 8;

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

// What the widest cells want; where that is too much the widest columns give way.
std::vector<std::size_t> Table::widths(std::size_t room) const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < header_.size(); ++c) {
    auto width = widthOf(header_[c]);
    for (const auto& row : rows_) width = std::max(width, widthOf(row[c].text));
    widths.push_back(width);
  }
  const auto total = [&] {
    std::size_t sum = gap * (widths.size() - 1);
    for (const auto width : widths) sum += width;
    return sum;
  };
  while (total() > room) {
    auto widestColumn = std::max_element(widths.begin(), widths.end());
    if (*widestColumn <= narrowest) break;
    --*widestColumn;
  }
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
