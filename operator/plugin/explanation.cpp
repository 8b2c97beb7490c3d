#include "plugin/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/quantity.hpp"
#include "plan/verdict.hpp"

namespace bailiwick::plugin {
namespace {

// The groups of nodes that a pool consists of.
std::map<std::string, std::vector<int>> groupsByPool(const Forecast& f) {
  std::set<std::string> resources;
  for (const auto& [id, vendor] : f.world.catalog->vendors) {
    for (const auto& family : vendor.families) resources.insert(family.resource);
  }
  std::map<std::string, std::vector<int>> groups;
  for (std::size_t g = 0; g < f.plan.inventory.groups().size(); ++g) {
    for (const auto& resource : resources) {
      const auto* name = f.plan.pools.nameOf(static_cast<int>(g), resource);
      if (name) groups[*name].push_back(static_cast<int>(g));
    }
  }
  return groups;
}

// Whole devices that no plan takes, on nodes that may take replicas.
int leftOf(const Forecast& f, const std::vector<int>& groups, const std::string& vendor) {
  std::int64_t milli = 0;
  const auto& inventory = f.plan.inventory;
  for (const auto& family : f.world.catalog->vendor(vendor)->families) {
    const int resource = inventory.resource(family.resource);
    for (const int g : groups) {
      for (const int n : inventory.groups()[g].nodes) {
        const auto& node = inventory.nodes()[n];
        if (node.usable) milli += std::max<std::int64_t>(0, node.free[resource]);
      }
    }
  }
  return static_cast<int>(milli / 1000);
}

std::vector<PoolVerdict> poolsOf(const Forecast& f, const plan::VariantPlan& v,
                                 const api::PlacementSpec& placement) {
  std::vector<PoolVerdict> verdicts;
  const auto groups = groupsByPool(f);
  for (const auto& row : f.plan.pools.rows()) {
    PoolVerdict verdict{row, 0, 0, false, std::nullopt};
    std::vector<int> eligible;
    const auto& all = groups.at(row.name);
    std::copy_if(all.begin(), all.end(), std::back_inserter(eligible), [&](int g) {
      return std::find(v.groups.begin(), v.groups.end(), g) != v.groups.end();
    });
    verdict.left = leftOf(f, all, row.vendor);
    verdict.eligible = !eligible.empty();
    verdict.fits = f.plan.inventory.fits(*v.requirement, eligible, row.devices);
    if (verdict.fits == 0) {
      verdict.refusal = plan::whyNoRoom(*v.variant, *v.requirement, placement.dataResidency,
                                        f.plan.inventory, all, f.region(), *f.world.catalog);
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

std::string asksOf(const plan::Requirement& r) {
  return fmt::format("{} {} on {}", r.devicesPerNode, r.resource,
                     r.nodes == 1 ? "one node" : fmt::format("each of {} nodes", r.nodes));
}

std::string noteOf(const plan::DeploymentPlan& d, const plan::VariantPlan& v) {
  if (v.share > 0 || v.refusal) return "";
  if (d.onHold) return "the deployment is on hold: nothing new is placed";
  if (d.fleet && d.assigned == 0) return "not needed: other regions take all units";
  return fmt::format("not needed: other variants take all {} units",
                     api::formatThousandths(d.wanted));
}

}  // namespace

Explanation explain(const Forecast& f, const plan::DeploymentPlan& d) {
  Explanation result;
  result.key = d.deployment->meta.key;
  result.region = f.region().meta.key.name;
  result.conditions = f.statusOf(d).conditions;
  result.elsewhere = f.elsewhere(d);
  for (const auto& v : d.variants) {
    VariantVerdict verdict{v.variant, v.share, v.offer, "", v.refusal, noteOf(d, v), {}};
    if (v.requirement) {
      verdict.asks = asksOf(*v.requirement);
      verdict.pools = poolsOf(f, v, d.deployment->spec.placement);
    }
    result.variants.push_back(std::move(verdict));
  }
  return result;
}

}  // namespace bailiwick::plugin
