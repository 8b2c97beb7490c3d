#pragma once
// Why each variant of a deployment was chosen or not, pool by pool, in the words of the conditions.
// Pure.

#include <optional>
#include <string>
#include <vector>

#include "plugin/forecast.hpp"

namespace bailiwick::plugin {

struct PoolVerdict {
  api::PoolStatus pool;
  int left = 0;  // devices that are free once everything has its place
  int fits = 0;  // further replicas that would fit then
  bool eligible = false;
  std::optional<policy::Refusal> refusal;  // why none fits
};

struct VariantVerdict {
  const api::Variant* variant = nullptr;
  int share = 0, offer = 0;
  std::string asks;  // "8 nvidia.com/gpu on one node", or empty where that was not looked at
  std::optional<policy::Refusal> refusal;
  std::string note;  // why it gets none although nothing refuses it
  std::vector<PoolVerdict> pools;
};

struct Explanation {
  api::Key key;
  std::string region;
  std::vector<api::Condition> conditions;
  std::vector<VariantVerdict> variants;  // in order of preference
  Shares elsewhere;                      // what other regions are to run
};

Explanation explain(const Forecast& forecast, const plan::DeploymentPlan& deployment);

}  // namespace bailiwick::plugin
