#include "plugin/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/quantity.hpp"
#include "fleet/units.hpp"

namespace bailiwick::plugin {
namespace {

std::string costText(const api::ModelDeploymentStatus& status) {
  if (status.costPerHour.empty()) return "";
  return status.costPerHour + " " + status.costCurrency;
}

int shareOf(const plan::DeploymentPlan* plan, const std::string& variant) {
  const auto* v = plan ? plan->variant(variant) : nullptr;
  return v ? v->share : 0;
}

// Replicas that run of variants which the spec no longer names.
std::map<std::string, int> leaving(const plan::DeploymentPlan& plan) {
  std::map<std::string, int> running;
  for (const auto& replica : plan.replicas) {
    if (!replica.terminating && !plan.variant(replica.variant)) ++running[replica.variant];
  }
  return running;
}

std::vector<VariantChange> variantsOf(const plan::DeploymentPlan* before,
                                      const plan::DeploymentPlan& after,
                                      const api::ModelDeploymentStatus& status) {
  std::vector<VariantChange> variants;
  for (const auto& v : after.variants) {
    VariantChange change{v.variant->name, shareOf(before, v.variant->name), v.share, {}, v.refusal};
    for (const auto& offer : status.regions.front().offer) {
      if (offer.variant == change.name && v.share > 0) change.pools = offer.pools;
    }
    variants.push_back(std::move(change));
  }
  for (const auto& [name, count] : leaving(after)) {
    variants.push_back({name, count, 0, {}, std::nullopt});
  }
  return variants;
}

class Sum {
 public:
  void add(const std::string& cost) {
    const auto space = cost.find(' ');
    if (space == std::string::npos) return;
    sums_[cost.substr(space + 1)] += api::parseThousandths(cost.substr(0, space)).value_or(0);
  }
  std::vector<std::string> str() const {
    std::vector<std::string> all;
    for (const auto& [currency, sum] : sums_) {
      all.push_back(fmt::format("{}.{:02} {}", sum / 1000, sum % 1000 / 10, currency));
    }
    return all;
  }

 private:
  std::map<std::string, std::int64_t> sums_;
};

const plan::DeploymentPlan* find(const plan::Plan& plan, const api::Key& key) {
  const auto found = plan.deployments.find(key);
  return found == plan.deployments.end() ? nullptr : &found->second;
}

DeploymentChange changeOf(const plan::DeploymentPlan& now, const Forecast& before,
                          const Forecast& after) {
  const auto& deployment = *now.deployment;
  DeploymentChange change;
  change.key = deployment.meta.key;
  change.paused = deployment.spec.paused;
  change.wanted = deployment.spec.replicas * api::Units{1000};
  change.here = now.wanted;
  change.after = now.assigned;
  for (const auto& [region, shares] : after.elsewhere(now)) {
    change.elsewhere[region] =
        fleet::unitsOf(fleet::countsOf(shares, deployment.spec), deployment.spec);
  }
  const auto status = after.statusOf(now);
  change.placed = *api::findCondition(status.conditions, "Placed");
  change.compliant = *api::findCondition(status.conditions, "Compliant");
  change.exitReady = *api::findCondition(status.conditions, "ExitReady");
  change.costAfter = costText(status);
  const auto* then = find(before.plan, change.key);
  if (then) {
    const auto was = before.statusOf(*then);
    change.before = then->assigned;
    change.costBefore = costText(was);
    change.wasCompliant = api::findCondition(was.conditions, "Compliant")->status != "False";
    change.wasExitReady = api::findCondition(was.conditions, "ExitReady")->status;
  }
  change.variants = variantsOf(then, now, status);
  return change;
}

}  // namespace

bool DeploymentChange::moves() const {
  return std::any_of(variants.begin(), variants.end(),
                     [](const VariantChange& v) { return v.before != v.after; });
}

RegionChange compare(const Forecast& before, const Forecast& after,
                     const std::vector<Overlaid>& overlaid) {
  const auto& region = after.region();
  RegionChange result;
  result.name = region.meta.key.name;
  result.from = after.known.from;
  result.provider = region.provider;
  result.location = region.location;
  result.jurisdiction = region.jurisdiction;
  result.nodes = static_cast<int>(after.world.nodes.size());
  result.unreadable = after.known.unreadable;
  Sum costBefore, costAfter;
  for (const auto& [key, plan] : after.plan.deployments) {
    auto change = changeOf(plan, before, after);
    for (const auto& o : overlaid) {
      if (o.entry->kind != "ModelDeployment" || o.entry->key != key) continue;
      change.applied = true;
      change.change = o.change;
    }
    costBefore.add(change.costBefore);
    costAfter.add(change.costAfter);
    result.deployments.push_back(std::move(change));
  }
  result.cost = {costBefore.str(), costAfter.str()};
  return result;
}

}  // namespace bailiwick::plugin
