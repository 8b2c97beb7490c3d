#pragma once
// What a deployment depends on through what it runs here: each is one thing that could go away, with
// the answer whether it could be left now.

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/time.hpp"
#include "policy/facts.hpp"

namespace bailiwick::plan {

enum class DependencyKind {
  Origin,
  Publisher,
  Licence,
  Vendor,
  Product,
  Engine,
  Provider,
  Region,
  Jurisdiction,
};

inline constexpr std::array<std::string_view, 9> dependencyKindNames = {
    "Origin", "Publisher", "Licence", "Vendor", "Product",
    "Engine", "Provider",  "Region",  "Jurisdiction"};
inline std::string_view nameOf(DependencyKind kind) {
  return dependencyKindNames[static_cast<std::size_t>(kind)];
}

struct Dependency {
  DependencyKind kind = DependencyKind::Origin;
  std::string value;
  friend auto operator<=>(const Dependency&, const Dependency&) = default;
};

// "vendor nvidia", as messages name it.
std::string toString(const Dependency& dependency);

// All that a variant depends on wherever it is put, sorted; its ancestors count. Products are told
// by what runs and are not among them.
std::vector<Dependency> dependenciesOf(const policy::Facts& facts);

enum class Verdict {
  Ready,
  NoAlternative,  // no variant of the spec does without it
  NoCapacity,     // a lawful one has no room now
  NotLegal,       // the others may not run here
};

inline constexpr std::array<std::string_view, 4> verdictNames = {"Ready", "NoAlternative",
                                                                 "NoCapacity", "NotLegal"};
inline std::string_view nameOf(Verdict verdict) {
  return verdictNames[static_cast<std::size_t>(verdict)];
}

struct Answer {
  Dependency dependency;
  Verdict verdict = Verdict::Ready;
  std::string alternative;  // "variant@region", where it is Ready
  std::string message;      // what binds, where it is not
  std::optional<api::Time> lastDrill;
  friend bool operator==(const Answer&, const Answer&) = default;
};

}  // namespace bailiwick::plan
