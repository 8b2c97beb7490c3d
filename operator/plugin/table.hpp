#pragma once
// Tables that fit the terminal: a cell that is too wide is wrapped inside its column.

#include <string>
#include <vector>

#include "plugin/terminal.hpp"

namespace bailiwick::plugin {

struct Cell {
  std::string text;
  Paint paint = Paint::None;

  Cell() = default;
  Cell(std::string_view words, Paint how = Paint::None) : text(harmless(words)), paint(how) {}
  Cell(const std::string& words, Paint how = Paint::None) : Cell(std::string_view(words), how) {}
  Cell(const char* words, Paint how = Paint::None) : Cell(std::string_view(words), how) {}
};

class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}

  // As many cells as the header has.
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }

  // Every line begins with `indent` spaces and is at most as wide as the terminal.
  std::string str(const Terminal& terminal, std::size_t indent = 0) const;

 private:
  std::vector<std::size_t> widths(std::size_t room) const;

  std::vector<std::string> header_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace bailiwick::plugin
