#include "render/placeholders.hpp"

namespace bailiwick::render {

std::string substitute(std::string_view text, const Placeholders& values) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    text.remove_prefix(open + 1);
    const std::size_t close = text.find_first_of("{}");
    const auto value = close != std::string_view::npos && text[close] == '}'
                           ? values.find(text.substr(0, close))
                           : values.end();
    if (value == values.end()) {
      out += '{';
      continue;
    }
    out += value->second;
    text.remove_prefix(close + 1);
  }
  return out;
}

std::vector<std::string> substitute(const std::vector<std::string>& texts,
                                    const Placeholders& values) {
  std::vector<std::string> out;
  out.reserve(texts.size());
  for (const std::string& text : texts) out.push_back(substitute(text, values));
  return out;
}

std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '$' ? 2 : 1, c);
  return out;
}

}  // namespace bailiwick::render
