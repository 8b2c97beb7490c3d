#pragma once
// The checks of one policy, in order. Internal to the law.

#include <optional>
#include <string>

#include "policy/law.hpp"

namespace bailiwick::policy {

struct Check {
  const Law::Rules& rules;
  const LawInput& input;
  std::optional<api::Time>& until;  // brought forward to when an answer may change
};

// Each says what its policy has against the variant, or nothing.
using Rule = std::optional<std::string> (*)(const Check& check);

std::optional<std::string> lineageRules(const Check& check);
std::optional<std::string> opennessRule(const Check& check);
std::optional<std::string> meansRules(const Check& check);
std::optional<std::string> registriesRule(const Check& check);
std::optional<std::string> placementRules(const Check& check);
std::optional<std::string> importRules(const Check& check);
std::optional<std::string> evidenceRules(const Check& check);
std::optional<std::string> artifactRules(const Check& check);
std::optional<std::string> certificatesRule(const Check& check);
// Has nothing against what runs.
std::optional<std::string> exitReadyRule(const Check& check);

}  // namespace bailiwick::policy
