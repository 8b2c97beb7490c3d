#pragma once
// What the policies of this region say of one variant, and what that means for its replicas: what
// may not run, what takes nothing new, and the products that are left.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plan/requirement.hpp"
#include "plan/selector.hpp"
#include "policy/law.hpp"

namespace bailiwick::plan {

struct VariantLaw {
  // Of policies that only narrow the products nothing is told here: the variant keeps to them.
  std::vector<policy::Objection> objections;
  std::optional<policy::Refusal> denied;  // it may not run here
  std::optional<policy::Refusal> noNew;   // what runs stays, nothing new is placed
  // The products that it may be put on, where policies leave less than it asks for.
  std::optional<std::vector<std::string>> products;
  // Nodes with a product that it may not run on, and why.
  std::vector<std::pair<NodeSelector, policy::Refusal>> forbidden;
  std::optional<api::Time> until;  // when time alone may change this
};

struct LegalityInput {
  const policy::Law& law;
  const api::ModelDeployment& deployment;
  const api::Variant& variant;
  const policy::Passports& passports;
  const policy::Regions& regions;
  const api::Region& region;
  const catalog::Catalog& catalog;
  api::Time now;
  const policy::ExitReadiness* readiness = nullptr;
};

VariantLaw legalityOf(const LegalityInput& input);

// In what the variant violates the policy of this name, so that what runs of it is to leave.
std::optional<std::string> violationOf(const VariantLaw& law, std::string_view policy);

// Why a replica on a node with these labels breaks the law, or nullptr.
const policy::Refusal* forbids(const VariantLaw& law, const api::Labels& labels);

}  // namespace bailiwick::plan
