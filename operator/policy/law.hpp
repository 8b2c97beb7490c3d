#pragma once
// The SovereigntyPolicies of a region, made ready to judge: one ordered chain of pure checks, the
// same in admission, placement, `plan` and `explain`. Policies add up, and their order never
// matters: each says on its own what it has against a variant.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/sovereignty_policy.hpp"
#include "catalog/catalog.hpp"
#include "policy/facts.hpp"
#include "policy/refusal.hpp"

namespace bailiwick::policy {

// What exit readiness answers for a deployment as it is planned to be placed.
struct ExitReadiness {
  bool ready = false;
  std::string message;  // which dependency could not be left, where it is not ready
  // The oldest of the last drills of what has to be rehearsed; absent: something never was.
  std::optional<api::Time> oldestDrill;
};

enum class Effect {
  Warn,   // it is told, and nothing else
  NoNew,  // nothing new of it is placed; what runs stays
  Deny,   // it may not run
};

// What one policy has against one variant.
struct Objection {
  const api::SovereigntyPolicy* policy = nullptr;
  Effect effect = Effect::Deny;
  std::string message;  // names policy, rule, value and object
  bool newOnly = false;  // of a rule that never concerns what runs, whatever the enforcement
};

Refusal refusalOf(const Objection& objection);

struct Judgement {
  std::vector<Objection> objections;  // at most one of each policy, by its name
  // When time alone may change it: evidence or a certificate runs out.
  std::optional<api::Time> until;

  // The first that has at least this effect, or nullptr.
  const Objection* strongest(Effect least) const;
};

struct LawInput {
  const Facts& facts;
  api::Time now;
  // Nullptr: not known, which is not ready.
  const ExitReadiness* readiness = nullptr;
};

class Law {
 public:
  Law() = default;
  // Refers to the policies and the catalogue, which outlive it.
  Law(std::vector<const api::SovereigntyPolicy*> policies, const catalog::Catalog& catalog);

  bool empty() const { return rules_.empty(); }
  Judgement judge(const LawInput& input) const;
  // Whether any policy that selects the deployment looks at what differs between products.
  bool looksAtProducts(const api::ModelDeployment& deployment) const;

  // Why a policy cannot be understood, so that it refuses all that it selects; empty: it is in
  // force as written.
  static std::string problemOf(const api::SovereigntyPolicy& policy,
                               const catalog::Catalog& catalog);
  // Names in it that the catalogue does not know, each with its rule: perhaps misspelt.
  static std::vector<std::string> strangersIn(const api::SovereigntyPolicy& policy,
                                              const catalog::Catalog& catalog);

  // An allow and a deny list, made ready: blocs expanded, aliases replaced, denied names in lower
  // case. What is allowed is compared exactly, what is denied in either case.
  struct List {
    std::optional<std::set<std::string, std::less<>>> allow;
    std::set<std::string, std::less<>> deny;
    const api::AllowDeny* written = nullptr;

    bool says() const { return allow || !deny.empty(); }
    bool denies(std::string_view value) const;
    bool allows(std::string_view value) const { return !allow || allow->contains(value); }
  };

  struct Rules {
    const api::SovereigntyPolicy* policy = nullptr;
    std::string problem;
    List origins, publishers, parentCountries, licences, families, openness;
    List vendors, products, engines;
    List jurisdictions, providers, importJurisdictions, importRegions, externalProviders;
  };

 private:
  std::vector<Rules> rules_;  // by name of the policy
};

}  // namespace bailiwick::policy
