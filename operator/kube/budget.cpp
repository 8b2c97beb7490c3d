#include "kube/budget.hpp"

#include <simdjson.h>

#include <utility>

namespace bailiwick::kube {
namespace {

std::string keyOf(std::string_view ns, std::string_view name) {
  return std::string(ns) + "/" + std::string(name);
}

// As large as the structs of our kinds that are made in numbers, and as a std::string.
constexpr std::size_t mapCost = 256, entryCost = 32;

// Managed fields are many maps, and nothing is made of them.
std::size_t partsOf(simdjson::dom::element value) {
  std::size_t cost = 0;
  simdjson::dom::object object;
  simdjson::dom::array array;
  if (value.get(object) == simdjson::SUCCESS) {
    cost += mapCost;
    for (const auto field : object) {
      if (field.key != "managedFields") cost += partsOf(field.value);
    }
  } else if (value.get(array) == simdjson::SUCCESS) {
    for (const auto entry : array) cost += entryCost + partsOf(entry);
  }
  return cost;
}

}  // namespace

std::size_t weightOf(simdjson::dom::element object) {
  return simdjson::minify(object).size() + partsOf(object);
}

void Budget::begun() {
  staging_ = true;
  next_ = {};
}

void Budget::complete() {
  staging_ = false;
  now_ = std::exchange(next_, {});
}

void Budget::discarded() {
  staging_ = false;
  next_ = {};
}

bool Budget::keep(std::string_view ns, std::string_view name, std::size_t bytes) {
  auto& set = current();
  const auto key = keyOf(ns, name);
  const auto known = set.sizes.find(key);
  const auto before = known == set.sizes.end() ? 0 : known->second;
  if (known == set.sizes.end() && set.sizes.size() >= limits_.objects) return false;
  if (set.bytes - before + bytes > limits_.bytes) return false;
  set.bytes += bytes - before;
  set.sizes[key] = bytes;
  return true;
}

void Budget::drop(std::string_view ns, std::string_view name) {
  auto& set = current();
  const auto known = set.sizes.find(keyOf(ns, name));
  if (known == set.sizes.end()) return;
  set.bytes -= known->second;
  set.sizes.erase(known);
}

}  // namespace bailiwick::kube
