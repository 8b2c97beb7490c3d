#include "plugin/order_manifest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "api/labels.hpp"
#include "manifest/manifests.hpp"
#include "manifest/similar.hpp"

namespace bailiwick::plugin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> keys{
    {{"origin", "origins"},
     {"publisher", "publishers"},
     {"passport", "passports"},
     {"licence", "licences"},
     {"vendor", "vendors"},
     {"product", "products"},
     {"engine", "engines"},
     {"provider", "providers"},
     {"region", "regions"},
     {"jurisdiction", "jurisdictions"},
     {"policy", "policies"}}};

constexpr std::size_t longestName = 60;

// As the CRD's rule for a place has it: a country or a bloc. Which of them exist the operator knows.
bool looksLikePlace(std::string_view value) {
  const auto good = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  return value.size() >= 2 && value.size() <= 16 && value[0] >= 'A' &&
         std::all_of(value.begin(), value.end(), good);
}

Outcome<Json> targetOf(const std::vector<std::string>& words) {
  Json target = Json::object();
  for (const auto& word : words) {
    const auto equals = word.find('=');
    const auto key = word.substr(0, equals);
    const auto known = std::find_if(keys.begin(), keys.end(),
                                    [&](const auto& entry) { return entry.first == key; });
    if (equals == std::string::npos || equals + 1 == word.size()) {
      return usage(fmt::format("\"{}\" is no target: write KEY=VALUE, such as vendor=nvidia", word));
    }
    if (known == keys.end()) {
      const auto meant = manifest::mostSimilar(key, targetKeys());
      return usage(fmt::format("{} is no key of a target{}; there are {}", key,
                               meant.empty() ? "" : fmt::format(" ({} is meant?)", meant),
                               fmt::join(targetKeys(), ", ")));
    }
    auto& list = target[std::string(known->second)];
    const auto value = word.substr(equals + 1);
    if ((key == "origin" || key == "jurisdiction") && !looksLikePlace(value)) {
      return usage(fmt::format("{}: \"{}\" is no country or bloc: write it as CN or EU", word, value));
    }
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
  }
  return target;
}

// Which deployments are concerned; empty: all.
Outcome<Json> selectorOf(const OrderOptions& options) {
  Json selector = Json::object();
  if (!options.inNamespaces.empty()) selector["namespaces"] = options.inNamespaces;
  for (const auto& label : options.labels) {
    const auto equals = label.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return usage(fmt::format("-l {}: write KEY=VALUE, such as tier=critical", label));
    }
    const auto [at, isNew] =
        selector["matchLabels"].emplace(label.substr(0, equals), label.substr(equals + 1));
    if (!isNew) return usage(fmt::format("-l {}: {} is there twice", label, at.key()));
  }
  return selector;
}

// A date is its first moment in UTC.
Outcome<api::Time> deadlineOf(const OrderOptions& options, api::Time now) {
  if (options.by.empty()) {
    if (options.drill) return now + std::chrono::hours(24);
    return usage("--by says when the exit must be done: 2026-12-31 or 2026-12-31T18:00:00+01:00");
  }
  const bool date = options.by.size() == 10;
  const auto time = api::parseTime(date ? options.by + "T00:00:00Z" : options.by);
  if (!time) {
    return usage(fmt::format("--by {}: is no date such as 2026-12-31 and no time such as "
                             "2026-12-31T18:00:00+01:00",
                             options.by));
  }
  if (*time <= now) return usage(fmt::format("--by {} is past", options.by));
  return *time;
}

// "exit-nvidia"; a drill's name carries its time, since it stays as a record and comes again.
std::string nameOf(const OrderOptions& options, api::Time now) {
  if (!options.name.empty()) return options.name;
  std::string name = options.drill ? "drill" : "exit";
  for (const auto& word : options.targets) name += "-" + word.substr(word.find('=') + 1);
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    c = std::isalnum(byte) ? static_cast<char>(std::tolower(byte)) : '-';
  }
  name.resize(std::min(name.size(), longestName));
  while (name.ends_with('-')) name.pop_back();
  if (!options.drill) return name;
  auto time = api::formatTime(now);  // 2026-11-22T10:00:00Z
  std::erase_if(time, [](char c) { return c == ':' || c == '-' || c == 'T' || c == 'Z'; });
  return name + "-" + time;
}

std::string reasonOf(const OrderOptions& options) {
  if (!options.reason.empty()) return options.reason;
  return options.drill ? "drill" : "ordered with kubectl bailiwick exit";
}

}  // namespace

std::vector<std::string> targetKeys() {
  std::vector<std::string> words;
  for (const auto& [singular, plural] : keys) words.emplace_back(singular);
  return words;
}

Outcome<Json> orderManifest(const OrderOptions& options, api::Time now) {
  const auto target = targetOf(options.targets);
  if (!target) return tl::unexpected(target.error());
  const auto selector = selectorOf(options);
  if (!selector) return tl::unexpected(selector.error());
  const auto deadline = deadlineOf(options, now);
  if (!deadline) return tl::unexpected(deadline.error());
  Json order = {{"apiVersion", api::names::apiVersion},
                {"kind", "ExitOrder"},
                {"metadata", {{"name", nameOf(options, now)}}},
                {"spec",
                 {{"target", *target},
                  {"reason", reasonOf(options)},
                  {"deadline", api::formatTime(*deadline)},
                  {"onDeadline", options.onDeadline},
                  {"mode", options.mode},
                  {"drill", options.drill}}}};
  if (!selector->empty()) order["spec"]["selector"] = *selector;
  const auto judged = manifest::read({{"the order", order.dump()}});
  for (const auto& f : judged.findings) {
    return usage(fmt::format("{}: {}", f.path, f.message));
  }
  return order;
}

}  // namespace bailiwick::plugin
