#include "kube/server_words.hpp"

#include <algorithm>
#include <cctype>

namespace bailiwick::kube {
namespace {

constexpr std::size_t mostWords = 1024;
constexpr std::string_view hidden = "[hidden]";
// Shorter ones are no secrets, and would take the place of words.
constexpr std::size_t shortestSecret = 8;

bool isTokenLetter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

std::size_t tokenEnd(std::string_view text, std::size_t at) {
  while (at < text.size() && isTokenLetter(text[at])) ++at;
  return at;
}

// Where a token begins in a text, from `at` on: after "Bearer", or with a JWT's first letters.
std::size_t findToken(std::string_view text, std::size_t at) {
  constexpr std::string_view scheme = "bearer ", jwt = "eyJ";
  for (; at < text.size(); ++at) {
    if (text.substr(at, jwt.size()) == jwt) return at;
    const auto word = text.substr(at, scheme.size());
    const bool named = std::equal(word.begin(), word.end(), scheme.begin(), scheme.end(),
                                  [](unsigned char a, char b) { return std::tolower(a) == b; });
    if (named) return std::min(text.find_first_not_of(' ', at + scheme.size()), text.size());
  }
  return text.size();
}

std::string withoutTokens(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = findToken(text, at);
    out += text.substr(at, begin - at);
    at = tokenEnd(text, begin);
    if (at > begin) out += hidden;
  }
  return out;
}

}  // namespace

std::string serverWords(std::string_view text) {
  // A token that is cut in two is hidden as well: it is looked for first, in more than is shown.
  auto words = withoutTokens(text.substr(0, std::min(text.size(), 16 * mostWords)));
  std::replace_if(
      words.begin(), words.end(),
      [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; }, ' ');
  if (words.size() <= mostWords) return words;
  std::size_t end = mostWords - 3;
  while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0) == 0x80) --end;
  return words.substr(0, end) + "...";
}

std::string without(const Secret& secret, std::string text) {
  const auto& token = secret.reveal();
  if (token.size() < shortestSecret) return text;
  for (std::size_t at = 0; (at = text.find(token, at)) != std::string::npos; at += hidden.size()) {
    text.replace(at, token.size(), hidden);
  }
  return text;
}

}  // namespace bailiwick::kube
