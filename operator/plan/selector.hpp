#pragma once
// Required node affinity as a value: what the planner evaluates is what the pod template carries, so
// that the real scheduler and the plan cannot disagree (protocols 1).

#include <string>
#include <vector>

#include "api/meta.hpp"

namespace bailiwick::plan {

enum class Operator { In, NotIn, Exists, DoesNotExist, Gt };

struct Expression {
  std::string key;
  Operator op = Operator::In;
  std::vector<std::string> values;  // sorted; one integer for Gt
  friend bool operator==(const Expression&, const Expression&) = default;
};

// All expressions hold. A term without expressions holds everywhere, unlike in Kubernetes; terms
// that are rendered always have some, because lawfulNodes never leaves them out.
struct Term {
  std::vector<Expression> all;
  friend bool operator==(const Term&, const Term&) = default;
};

// Any term holds. Without terms it matches nothing, as in Kubernetes.
struct NodeSelector {
  std::vector<Term> any;
  friend bool operator==(const NodeSelector&, const NodeSelector&) = default;
};

// As kube-scheduler evaluates it: NotIn and DoesNotExist hold for an absent label, Gt needs two
// integers.
bool matches(const Expression& expression, const api::Labels& labels);
bool matches(const NodeSelector& selector, const api::Labels& labels);

// Every way to satisfy both: the cross product of their terms.
NodeSelector both(const NodeSelector& a, const NodeSelector& b);

}  // namespace bailiwick::plan
