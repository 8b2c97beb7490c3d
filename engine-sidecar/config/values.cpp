#include "config/values.hpp"

#include <algorithm>
#include <set>

#include "api/quantity.hpp"

namespace bailiwick::sidecar {
namespace {

using yaml::Cursor;

constexpr std::size_t maxPath = 1024;

bool isLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool isUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isPrintable(char c) {
  return c > ' ' && c < 0x7f;
}

bool isLabel(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return isLower(c) || isDigit(c) || c == '-'; });
}

// A sign, an exponent or a milli would make a quantity of it that no size is.
bool isSize(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view suffix = text.substr(digits);
  return digits > 0 && digits <= 19 &&
         (suffix.empty() || suffix == "k" ||
          (std::string_view("KMGT").find(suffix[0]) != std::string_view::npos &&
           (suffix == "M" || suffix == "G" || suffix == "T" || suffix.substr(1) == "i")));
}

void readForm(const Cursor& at, bool (*fits)(std::string_view), const char* wanted,
              std::string& out) {
  std::string text;
  if (!at.read(text)) return;
  if (!fits(text)) return at.fail(wanted);
  out = std::move(text);
}

bool isToken(std::string_view text) {
  return text.size() <= 253 && std::all_of(text.begin(), text.end(), isPrintable);
}

bool isFilePath(std::string_view text) {
  return text.size() <= maxPath && text.starts_with('/') &&
         text.find('\0') == std::string_view::npos;
}

bool isRequestPath(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return isPrintable(c) && std::string_view("?#%\\").find(c) == std::string_view::npos;
  });
  return plain && !text.empty() && text.size() <= maxPath && hasPlainSegments(text);
}

}  // namespace

bool isCountry(std::string_view text) {
  return text.size() == 2 && isUpper(text[0]) && isUpper(text[1]) && text != "EU";
}

bool isClass(std::string_view text) {
  const auto inner = [](char c) {
    return isLower(c) || isUpper(c) || isDigit(c) || c == '-' || c == '_' || c == '.';
  };
  const auto outer = [](char c) { return isLower(c) || isUpper(c) || isDigit(c); };
  return !text.empty() && text.size() <= 63 && outer(text.front()) && outer(text.back()) &&
         std::all_of(text.begin(), text.end(), inner);
}

void readInt(const Cursor& at, int least, int most, int& out) {
  std::int64_t value = least;
  at.read(value);
  if (value < least || value > most)
    return at.fail("must be from " + std::to_string(least) + " to " + std::to_string(most));
  out = static_cast<int>(value);
}

void readSize(const Cursor& at, std::int64_t least, std::int64_t most, std::int64_t& out) {
  std::string text;
  if (!at.read(text)) return;
  const auto size = isSize(text) ? api::parseUnits(text) : fail("");
  if (!size || *size < least || *size > most)
    return at.fail("must be a size such as 64Ki, from " + api::formatBytes(least) + " to " +
                   api::formatBytes(most));
  out = *size;
}

void readDurationOrOff(const Cursor& at, api::Duration& out) {
  std::string text;
  if (!at.read(text)) return;
  const auto duration = api::parseDuration(text);
  if (!duration) return at.fail(duration.error().message);
  out = *duration;
}

void readDuration(const Cursor& at, api::Duration& out) {
  api::Duration duration{1};
  readDurationOrOff(at, duration);
  if (duration.count() == 0) return at.fail("must be above zero");
  out = duration;
}

void readAddress(const Cursor& at, Address& out) {
  std::string text;
  if (!at.read(text)) return;
  auto address = parseAddress(text);
  if (!address) return at.fail(address.error().message);
  out = *std::move(address);
}

void readUrl(const Cursor& at, std::optional<Url>& out) {
  std::string text;
  if (!at.read(text)) return;
  auto url = parseUrl(text);
  if (!url) return at.fail(url.error().message);
  out = *std::move(url);
}

void readCountry(const Cursor& at, std::string& out) {
  readForm(at, isCountry,
           "must be one country: two capital letters (ISO 3166-1 alpha-2), and EU is a bloc", out);
}

void readLabel(const Cursor& at, std::string& out) {
  readForm(at, isLabel, "must be up to 63 lower case letters, digits and dashes", out);
}

void readToken(const Cursor& at, std::string& out) {
  readForm(at, isToken, "must be up to 253 visible ASCII characters without spaces", out);
}

void readFilePath(const Cursor& at, std::string& out) {
  readForm(at, isFilePath, "must be the absolute path of a file", out);
}

void readRequestPath(const Cursor& at, std::string& out) {
  readForm(at, isRequestPath,
           "must be a path such as /tokenize, as clients write it: no query, no escapes, no empty "
           "or dotted segments",
           out);
}

void refuseRepeats(const Cursor& list, const std::vector<std::string>& values) {
  std::set<std::string> seen;
  for (const std::string& value : values)
    if (!seen.insert(value).second) list.fail(value + " is given twice");
}

}  // namespace bailiwick::sidecar
