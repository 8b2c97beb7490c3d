#include "route/law.hpp"

#include <algorithm>

#include "config/values.hpp"

namespace bailiwick::sidecar {
namespace {

constexpr std::size_t maxItems = 64;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t";
  const std::size_t first = std::min(text.find_first_not_of(blank), text.size());
  const std::size_t last = text.find_last_not_of(blank);
  return text.substr(first, last == std::string_view::npos ? 0 : last + 1 - first);
}

// Two capital letters. A bloc of that form is no error, only nowhere: it lists no country.
bool isTwoCapitals(std::string_view text) {
  return isCountry(text) || text == "EU";
}

std::optional<std::vector<std::string>> parseList(std::string_view text,
                                                  bool (*fits)(std::string_view)) {
  std::vector<std::string> items;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = trimmed(text.substr(0, comma));
    if (!fits(item) || items.size() == maxItems) return std::nullopt;
    items.emplace_back(item);
    if (comma == text.size()) return items;
    text.remove_prefix(comma + 1);
  }
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

}  // namespace

tl::expected<Law, Refusal> parseLaw(std::optional<std::string_view> jurisdiction,
                                    std::optional<std::string_view> residency) {
  const auto malformed = [](const char* message) {
    return tl::unexpected<Refusal>(Refusal{Code::BadRequest, message, {}});
  };
  Law law;
  if (jurisdiction) {
    auto list = parseList(*jurisdiction, isTwoCapitals);
    if (!list)
      return malformed(
          "x-data-jurisdiction must list up to 64 countries as two capital letters (ISO 3166-1 "
          "alpha-2), such as: DE, FR");
    law.jurisdictions = *std::move(list);
  }
  if (residency) {
    auto list = parseList(*residency, isClass);
    if (!list)
      return malformed(
          "x-data-residency must list up to 64 residency classes, such as: eu-personal");
    law.classes = *std::move(list);
  }
  return law;
}

std::optional<Refusal> classesRefused(const Law& law, const Residency& residency) {
  for (const std::string& wanted : law.classes) {
    const auto& given = residency.classes;
    if (std::find(given.begin(), given.end(), wanted) != given.end()) continue;
    std::string message = "x-data-residency: this deployment is not placed by the class " + wanted;
    message += given.empty() ? "; it names none" : "; its classes are " + join(given);
    return Refusal{Code::ResidencyRefused, message, {}};
  }
  return std::nullopt;
}

}  // namespace bailiwick::sidecar
