#pragma once
// SovereigntyPolicy (bailiwick.dev/v1alpha1): what may run here, and what happens to what may not.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/deployment_selector.hpp"
#include "api/meta.hpp"

namespace bailiwick::api {

enum class Enforcement { Deny, Warn, Exit };

// Without an allow list everything is allowed, with an empty one nothing; deny wins.
struct AllowDeny {
  std::optional<std::vector<std::string>> allow;
  std::vector<std::string> deny;
  friend bool operator==(const AllowDeny&, const AllowDeny&) = default;
};

struct EvidenceRule {
  std::string type;
  std::optional<Duration> maxAge;  // by issuedAt; absent: any age
  friend bool operator==(const EvidenceRule&, const EvidenceRule&) = default;
};

// What is absent in the object is empty or false here: it says nothing.
struct PolicyRules {
  AllowDeny origins, publishers, parentCountries, licences, families, openness;
  AllowDeny vendors, products, engines, registries;
  AllowDeny placementJurisdictions, placementProviders;
  AllowDeny importJurisdictions, importRegions;
  AllowDeny externalProviders;
  std::vector<EvidenceRule> evidence;
  bool requireDigest = false, requireSignature = false;
  std::vector<std::string> requireCertificates;
  bool requireExitReady = false;
  std::optional<Duration> drillMaxAge;
  friend bool operator==(const PolicyRules&, const PolicyRules&) = default;
};

struct PolicySource {
  std::string title, uri, date;
  friend bool operator==(const PolicySource&, const PolicySource&) = default;
};

struct Violation {
  std::string ns, name, variant, reason, message;
  friend bool operator==(const Violation&, const Violation&) = default;
};

// The order that enforcement Exit makes. It outlives the order: deleting that buys no time.
struct PolicyExit {
  std::string order;
  Time firstViolationAt{}, deadline{};
  friend bool operator==(const PolicyExit&, const PolicyExit&) = default;
};

struct SovereigntyPolicyStatus {
  std::int64_t observedGeneration = 0;
  std::vector<Violation> violations;  // the first 100
  int violationsTotal = 0;
  std::optional<PolicyExit> exit;
  std::vector<Condition> conditions;
  friend bool operator==(const SovereigntyPolicyStatus&, const SovereigntyPolicyStatus&) = default;
};

struct SovereigntyPolicy {
  ObjectMeta meta;
  Enforcement enforcement = Enforcement::Deny;
  Duration exitGracePeriod = std::chrono::days(30);
  DeploymentSelector selector;
  PolicyRules rules;
  PolicySource source;
  // Set when the spec could not be read. The law that it states is not known then, so that it
  // refuses all that it selects: enforcement and rules are empty, and the selector too unless it
  // alone could be read.
  std::string decodeError;
  SovereigntyPolicyStatus status;
  friend bool operator==(const SovereigntyPolicy&, const SovereigntyPolicy&) = default;
};

}  // namespace bailiwick::api
