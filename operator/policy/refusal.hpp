#pragma once
// Why something may not or cannot be: the one shape that conditions, admission replies, plans and
// explanations share.

#include <string>
#include <string_view>

namespace bailiwick::policy {

struct Refusal {
  std::string reason;   // CamelCase, one of api.md's
  std::string message;  // names the object and the value that bind
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// Of several reasons, the one that a person must act on wins (api.md, Conditions): lower is first.
// Unknown reasons come last.
int precedence(std::string_view reason);

}  // namespace bailiwick::policy
