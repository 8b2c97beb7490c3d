#include "api/meta.hpp"

#include <algorithm>

namespace bailiwick::api {
namespace {

bool keyLess(const Labels::Entry& left, const Labels::Entry& right) {
  return left.first < right.first;
}

auto position(auto& entries, std::string_view key) {
  return std::lower_bound(
      entries.begin(), entries.end(), key,
      [](const Labels::Entry& e, std::string_view k) { return e.first.compare(k) < 0; });
}

}  // namespace

Labels::Labels(std::initializer_list<Entry> entries) : Labels(std::vector<Entry>(entries)) {}

// Of equal keys the last wins, as in a JSON object that Go reads.
Labels::Labels(std::vector<Entry> entries) : entries_(std::move(entries)) {
  const bool strictlySorted =
      std::adjacent_find(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return !(a.first < b.first);
      }) == entries_.end();
  if (strictlySorted) return;
  std::stable_sort(entries_.begin(), entries_.end(), keyLess);
  std::vector<Entry> unique;
  unique.reserve(entries_.size());
  for (Entry& entry : entries_) {
    if (!unique.empty() && unique.back().first == entry.first) unique.pop_back();
    unique.push_back(std::move(entry));
  }
  entries_ = std::move(unique);
}

const std::string* Labels::find(std::string_view key) const {
  const auto at = position(entries_, key);
  return at != entries_.end() && at->first == key ? &at->second : nullptr;
}

bool Labels::has(std::string_view key, std::string_view value) const {
  const std::string* found = find(key);
  return found != nullptr && *found == value;
}

bool Labels::containsAll(const Labels& other) const {
  return std::all_of(other.begin(), other.end(),
                     [this](const Entry& entry) { return has(entry.first, entry.second); });
}

void Labels::set(std::string key, std::string value) {
  const auto at = position(entries_, key);
  if (at != entries_.end() && at->first == key) {
    at->second = std::move(value);
  } else {
    entries_.emplace(at, std::move(key), std::move(value));
  }
}

void Labels::erase(std::string_view key) {
  const auto at = position(entries_, key);
  if (at != entries_.end() && at->first == key) entries_.erase(at);
}

const Condition* findCondition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto at = std::find_if(conditions.begin(), conditions.end(),
                               [&](const Condition& c) { return c.type == type; });
  return at != conditions.end() ? &*at : nullptr;
}

}  // namespace bailiwick::api
