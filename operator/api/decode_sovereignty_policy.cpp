#include <algorithm>

#include "api/decode_own_kind.hpp"
#include "api/decode_selector.hpp"
#include "api/decode_status.hpp"

namespace bailiwick::api {
namespace {

// A rule that is not known here might forbid something: it is an error, not a word to skip.
constexpr std::string_view unknownRule =
    "is not known to this version of the operator; upgrade it, or remove the rule";

void readAllowDeny(const Cursor& rule, AllowDeny& out) {
  bool said = false;
  rule.fields([&](std::string_view key, const Cursor& value) {
    said = true;
    if (key == "allow")
      value.read(out.allow.emplace());
    else if (key == "deny")
      value.read(out.deny);
    else
      value.refuse(unknownRule);
  });
  if (!said) rule.refuse("must give allow, deny or both");
  if (!out.allow) return;
  for (const std::string& value : out.deny) {
    if (std::find(out.allow->begin(), out.allow->end(), value) != out.allow->end())
      return rule.refuse("has " + value + " in allow and in deny; keep it in one of them");
  }
}

void readOpenness(const Cursor& rule, AllowDeny& out) {
  readAllowDeny(rule, out);
  const auto check = [&](const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      if (value != "OpenSource" && value != "OpenWeight" && value != "API")
        rule.refuse("must list OpenSource, OpenWeight or API, has " + value);
    }
  };
  check(out.deny);
  if (out.allow) check(*out.allow);
}

// Two rules below a common name.
void readPair(const Cursor& parent, std::string_view first, AllowDeny& one, std::string_view second,
              AllowDeny& other) {
  bool said = false;
  parent.fields([&](std::string_view key, const Cursor& value) {
    said = true;
    if (key == first)
      readAllowDeny(value, one);
    else if (key == second)
      readAllowDeny(value, other);
    else
      value.refuse(unknownRule);
  });
  if (!said) parent.refuse(std::string("must give ").append(first).append(", ").append(second)
                               .append(" or both"));
}

void readEvidenceRule(const Cursor& rule, EvidenceRule& out) {
  rule.fields([&](std::string_view key, const Cursor& value) {
    if (key == "type")
      value.read(out.type);
    else if (key == "maxAge")
      value.read(out.maxAge.emplace());
    else
      value.refuse(unknownRule);
  });
  rule.require(!out.type.empty(), "type");
}

bool readModelRule(std::string_view key, const Cursor& value, PolicyRules& out) {
  if (key == "origins")
    readAllowDeny(value, out.origins);
  else if (key == "publishers")
    readAllowDeny(value, out.publishers);
  else if (key == "parentCountries")
    readAllowDeny(value, out.parentCountries);
  else if (key == "licences")
    readAllowDeny(value, out.licences);
  else if (key == "families")
    readAllowDeny(value, out.families);
  else if (key == "openness")
    readOpenness(value, out.openness);
  else
    return false;
  return true;
}

bool readMeansRule(std::string_view key, const Cursor& value, PolicyRules& out) {
  if (key == "vendors")
    readAllowDeny(value, out.vendors);
  else if (key == "products")
    readAllowDeny(value, out.products);
  else if (key == "engines")
    readAllowDeny(value, out.engines);
  else if (key == "registries")
    readAllowDeny(value, out.registries);
  else if (key == "externalProviders")
    readAllowDeny(value, out.externalProviders);
  else
    return false;
  return true;
}

bool readPlaceRule(std::string_view key, const Cursor& value, PolicyRules& out) {
  if (key == "placement")
    readPair(value, "jurisdictions", out.placementJurisdictions, "providers",
             out.placementProviders);
  else if (key == "importFrom")
    readPair(value, "jurisdictions", out.importJurisdictions, "regions", out.importRegions);
  else
    return false;
  return true;
}

bool readRequirement(std::string_view key, const Cursor& value, PolicyRules& out) {
  if (key == "evidence")
    value.readEach(out.evidence, readEvidenceRule);
  else if (key == "requireDigest")
    value.read(out.requireDigest);
  else if (key == "requireSignature")
    value.read(out.requireSignature);
  else if (key == "requireCertificates")
    value.read(out.requireCertificates);
  else if (key == "requireExitReady")
    value.read(out.requireExitReady);
  else if (key == "drillMaxAge")
    value.read(out.drillMaxAge.emplace());
  else
    return false;
  return true;
}

void readRules(const Cursor& rules, PolicyRules& out) {
  bool said = false;
  rules.fields([&](std::string_view key, const Cursor& value) {
    said = true;
    const bool known = readModelRule(key, value, out) || readMeansRule(key, value, out) ||
                       readPlaceRule(key, value, out) || readRequirement(key, value, out);
    if (!known) value.refuse(unknownRule);
  });
  if (!said) rules.refuse("must hold at least one rule");
}

void readEnforcement(const Cursor& enforcement, Enforcement& out) {
  static constexpr std::array<std::pair<std::string_view, Enforcement>, 3> known{
      {{"Deny", Enforcement::Deny}, {"Warn", Enforcement::Warn}, {"Exit", Enforcement::Exit}}};
  readWord(enforcement, known, out);
}

void readSource(const Cursor& source, PolicySource& out) {
  source.fields([&](std::string_view key, const Cursor& value) {
    if (key == "title")
      value.read(out.title);
    else if (key == "uri")
      value.read(out.uri);
    else if (key == "date")
      value.read(out.date);
  });
  source.require(!out.title.empty(), "title");
}

void readSpec(const Cursor& spec, SovereigntyPolicy& out) {
  bool enforced = false, ruled = false;
  spec.fields([&](std::string_view key, const Cursor& value) {
    if (key == "enforcement") {
      enforced = true;
      readEnforcement(value, out.enforcement);
    } else if (key == "rules") {
      ruled = true;
      readRules(value, out.rules);
    } else if (key == "exitGracePeriod") {
      value.read(out.exitGracePeriod);
    } else if (key == "selector") {
      readSelector(value, out.selector);
    } else if (key == "source") {
      readSource(value, out.source);
    }
  });
  spec.require(enforced, "enforcement");
  spec.require(ruled, "rules");
}

// The selector of a spec whose rest cannot be read; everything where it cannot be read itself.
DeploymentSelector selectorAlone(simdjson::dom::element spec) {
  simdjson::dom::element selector;
  if (spec["selector"].get(selector) != simdjson::SUCCESS) return {};
  Decoding decoding;
  DeploymentSelector out;
  readSelector(Cursor(selector, "selector", decoding), out);
  return decoding.failed() ? DeploymentSelector{} : out;
}

void readViolation(const Cursor& violation, Violation& out) {
  violation.fields([&](std::string_view key, const Cursor& value) {
    if (key == "namespace")
      value.read(out.ns);
    else if (key == "name")
      value.read(out.name);
    else if (key == "variant")
      value.read(out.variant);
    else if (key == "reason")
      value.read(out.reason);
    else if (key == "message")
      value.read(out.message);
  });
}

void readExit(const Cursor& exit, std::optional<PolicyExit>& out) {
  PolicyExit read;
  exit.fields([&](std::string_view key, const Cursor& value) {
    if (key == "order")
      value.read(read.order);
    else if (key == "firstViolationAt")
      value.read(read.firstViolationAt);
    else if (key == "deadline")
      value.read(read.deadline);
  });
  exit.require(read.firstViolationAt != Time{}, "firstViolationAt");
  out = std::move(read);
}

void readStatus(const Cursor& status, SovereigntyPolicyStatus& out) {
  status.fields([&](std::string_view key, const Cursor& value) {
    if (key == "observedGeneration")
      value.read(out.observedGeneration);
    else if (key == "violations")
      value.readEach(out.violations, readViolation);
    else if (key == "violationsTotal")
      value.read(out.violationsTotal);
    else if (key == "exit")
      readExit(value, out.exit);
    else if (key == "conditions")
      value.readEach(out.conditions, readCondition);
  });
}

}  // namespace

SovereigntyPolicyStatus readPolicyStatus(simdjson::dom::element status) {
  return readOwnStatus<SovereigntyPolicyStatus>(status, readStatus);
}

Result<SovereigntyPolicy> decodeSovereigntyPolicy(simdjson::dom::element json) {
  SovereigntyPolicy out;
  const Result<Envelope> parts = readEnvelope(json, "SovereigntyPolicy", Nulls::Refuse, out.meta);
  if (!parts) return tl::unexpected(parts.error());
  readOwnSpec(*parts, out, readSpec);
  if (!out.decodeError.empty() && parts->spec) out.selector = selectorAlone(*parts->spec);
  if (parts->status) out.status = readPolicyStatus(*parts->status);
  return out;
}

}  // namespace bailiwick::api
