#include "plan/selector.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace bailiwick::plan {
namespace {

std::optional<long long> integer(const std::string& text) {
  long long value = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

bool contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool matchesTerm(const Term& term, const api::Labels& labels) {
  return std::all_of(term.all.begin(), term.all.end(),
                     [&](const Expression& e) { return matches(e, labels); });
}

}  // namespace

bool matches(const Expression& expression, const api::Labels& labels) {
  const std::string* value = labels.find(expression.key);
  switch (expression.op) {
    case Operator::In:
      return value && contains(expression.values, *value);
    case Operator::NotIn:
      return !value || !contains(expression.values, *value);
    case Operator::Exists:
      return value != nullptr;
    case Operator::DoesNotExist:
      return value == nullptr;
    case Operator::Gt: {
      if (!value || expression.values.size() != 1) return false;
      const auto actual = integer(*value);
      const auto bound = integer(expression.values.front());
      return actual && bound && *actual > *bound;
    }
  }
  return false;
}

bool matches(const NodeSelector& selector, const api::Labels& labels) {
  return std::any_of(selector.any.begin(), selector.any.end(),
                     [&](const Term& t) { return matchesTerm(t, labels); });
}

NodeSelector both(const NodeSelector& a, const NodeSelector& b) {
  NodeSelector result;
  for (const auto& left : a.any) {
    for (const auto& right : b.any) {
      Term term = left;
      term.all.insert(term.all.end(), right.all.begin(), right.all.end());
      result.any.push_back(std::move(term));
    }
  }
  return result;
}

}  // namespace bailiwick::plan
