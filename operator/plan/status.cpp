#include "plan/status.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>

#include "api/labels.hpp"
#include "api/quantity.hpp"
#include "plan/conditions.hpp"
#include "fleet/offer.hpp"
#include "plan/exit_ready.hpp"
#include "plan/peer_rows.hpp"

namespace bailiwick::plan {
namespace {

using policy::Refusal;

constexpr std::size_t maxMessage = 256, maxSummary = 1024;  // as the CRD bounds them
constexpr std::int64_t maxCost = 999'999'999'999'999;       // thousandths, of twelve digits

int readyOf(const DeploymentPlan& plan, const std::string& variant) {
  return static_cast<int>(std::count_if(
      plan.replicas.begin(), plan.replicas.end(),
      [&](const Replica& r) { return variantOf(r.variant) == variant && r.ready && !r.terminating; }));
}

constexpr std::size_t maxPools = 64, maxVariants = 16;  // as the CRD bounds them

void addPool(std::set<std::string>& names, const Pools& pools, int group,
             const std::string& resource) {
  const auto* name = group < 0 ? nullptr : pools.nameOf(group, resource);
  if (name && names.size() < maxPools) names.insert(*name);
}

// Where the replicas of a variant are, as "region/pool".
std::vector<std::string> usedPools(const std::string& variant, const StatusInput& in) {
  std::set<std::string> names;
  const auto visit = [&](const api::Pod& pod) {
    const auto* node = in.inventory.node(pod.node);
    if (!node) return;
    for (const auto& [resource, milli] : pod.requests) addPool(names, in.pools, node->group, resource);
  };
  for (const auto& replica : in.plan.replicas) {
    if (variantOf(replica.variant) != variant || replica.terminating) continue;
    visit(*replica.pod);
    for (const auto* worker : replica.workers) visit(*worker);
  }
  std::vector<std::string> result;
  for (const auto& name : names) {
    result.push_back(fmt::format("{}/{}", in.region.meta.key.name, name));
  }
  return result;
}

std::map<std::string, api::Units> readyByVariant(const Step& step) {
  std::map<std::string, api::Units> result;
  for (const auto& [runner, units] : step.ready) result[variantOf(runner)] += units;
  return result;
}

// Variants that the spec no longer names and that still serve.
std::vector<std::string> removedVariants(const StatusInput& in) {
  std::vector<std::string> names;
  for (const auto& [variant, units] : readyByVariant(in.step)) {
    const bool room = in.plan.variants.size() + names.size() < maxVariants;
    if (units > 0 && !in.plan.variant(variant) && room) names.push_back(variant);
  }
  return names;
}

api::RegionEntry entryOf(const StatusInput& in) {
  api::RegionEntry entry;
  entry.name = in.region.meta.key.name;
  entry.self = true;
  entry.health = in.region.cordoned ? "Cordoned" : "Live";
  entry.specHash = in.specHash;
  entry.passportHash = in.passportHash;
  for (const auto& v : in.plan.variants) {
    const auto& name = v.variant->name;
    api::VariantOffer offer{name, v.offer, {}, "", ""};
    offer.pools = offeredPools(v, in.pools);
    if (v.refusal) {
      offer.reason = v.refusal->reason;
      offer.message = shortened(v.refusal->message, maxMessage);
    }
    entry.offer.push_back(std::move(offer));
    if (v.share > 0 && !in.plan.fleet) entry.share.push_back({name, v.share});
    if (const int ready = readyOf(in.plan, name)) entry.ready.push_back({name, ready});
  }
  for (const auto& name : removedVariants(in)) {
    entry.ready.push_back({name, readyOf(in.plan, name)});
  }
  // What is promised, which may be less than what still runs.
  if (in.plan.fleet) {
    entry.share = fleet::listOf(in.plan.fleet->decision.publish, in.plan.deployment->spec);
  }
  return entry;
}

// The time and number of an entry change only with what it says. Returns when offers are told that
// are held back now.
std::optional<api::Time> carryOver(api::RegionEntry& entry, const StatusInput& in) {
  const auto* old = fleet::selfEntry(in.current, entry.name);
  entry.sequence = fleet::nextSequence(old ? old->sequence : 0, in.now);
  entry.healthSince = std::chrono::floor<std::chrono::seconds>(in.now);
  if (!old) return std::nullopt;
  auto same = entry;
  same.sequence = old->sequence;
  same.healthSince = old->healthSince;
  std::optional<api::Time> later;
  if (in.plan.fleet) later = fleet::heldBackUntil(*old, entry, in.now);
  if (same == *old || later) {
    entry = *old;
    return later;
  }
  if (old->health == entry.health) entry.healthSince = old->healthSince;
  return std::nullopt;
}

struct Totals {
  api::Units ready = 0;
  std::string front;  // the variant that has most Ready units, by preference among equals
};

Totals totalsOf(const StatusInput& in) {
  Totals totals;
  const auto all = readyByVariant(in.step);
  api::Units most = 0;
  const auto consider = [&](const std::string& variant, bool hasShare) {
    const auto entry = all.find(variant);
    const auto ready = entry == all.end() ? 0 : entry->second;
    totals.ready += ready;
    const auto weight = ready * 2 + (hasShare ? 1 : 0);
    if (weight <= most) return;
    most = weight;
    totals.front = variant;
  };
  for (const auto& v : in.plan.variants) consider(v.variant->name, v.share > 0);
  for (const auto& [variant, units] : all) {
    if (!in.plan.variant(variant)) consider(variant, false);
  }
  if (in.plan.fleet) totals.ready += in.plan.fleet->readyElsewhere;
  return totals;
}

std::vector<api::VariantStatus> rowsOf(const StatusInput& in) {
  std::vector<api::VariantStatus> rows;
  for (const auto& v : in.plan.variants) {
    const auto& name = v.variant->name;
    const int ready = readyOf(in.plan, name);
    if (v.share == 0 && ready == 0) continue;
    rows.push_back({name, v.share, ready, usedPools(name, in), ""});
    if (v.requirement) rows.back().podSecurity = podSecurityOf(*v.requirement);
  }
  for (const auto& name : removedVariants(in)) {
    rows.push_back({name, 0, readyOf(in.plan, name), usedPools(name, in), ""});
  }
  return rows;
}

// In thousandths per hour, over the whole domain; nothing where a share has no price.
std::optional<std::int64_t> costOf(const StatusInput& in, std::string& currency) {
  std::int64_t sum = 0;
  bool any = false;
  for (const auto& v : in.plan.variants) {
    if (v.share == 0) continue;
    const auto cost = priceOf(*v.variant, v.share, in.region.prices, currency, any);
    if (!cost || __builtin_add_overflow(sum, *cost, &sum)) return std::nullopt;
  }
  if (in.plan.fleet) {
    const auto elsewhere = costOfPeers(in, currency, any);
    if (!elsewhere || __builtin_add_overflow(sum, *elsewhere, &sum)) return std::nullopt;
  }
  return any && sum <= maxCost ? std::optional(sum) : std::nullopt;
}

// The regions that have a share, one's own first: "fra,zrh", or as many as there is room for.
std::string regionsOf(const std::vector<api::RegionEntry>& entries) {
  std::string names;
  int more = 0;
  for (const auto& entry : entries) {
    if (entry.share.empty() || entry.health == "Lost") continue;
    const auto room = maxSummary - std::string_view(" and 1000 more").size();
    if (more > 0 || names.size() + 1 + entry.name.size() > room) {
      ++more;
    } else {
      names += (names.empty() ? "" : ",") + entry.name;
    }
  }
  return more > 0 ? fmt::format("{} and {} more", names, more) : names;
}

}  // namespace

std::vector<std::string> offeredPools(const VariantPlan& v, const Pools& pools) {
  std::set<std::string> names;
  if (v.requirement && v.offer > 0) {
    for (const int group : v.groups) addPool(names, pools, group, v.requirement->resource);
  }
  return {names.begin(), names.end()};
}

Told statusOf(const StatusInput& in) {
  const auto& deployment = in.current;
  Told told;
  auto& status = told.status;
  status.observedGeneration = deployment.meta.generation;
  status.selector = fmt::format("{}={},{}=engine", api::names::deploymentLabel,
                                deployment.meta.key.name, api::names::roleLabel);
  auto entry = entryOf(in);
  told.moreAt = carryOver(entry, in);
  const auto totals = totalsOf(in);
  // Peers may say what they like.
  status.replicas = static_cast<int>(
      std::min<api::Units>(totals.ready / 1000, std::numeric_limits<int>::max()));
  status.summaryVariant = totals.front;
  status.regions.push_back(std::move(entry));
  status.variants = rowsOf(in);
  if (in.plan.fleet) {
    const auto peers = peerEntries(in);
    status.regions.insert(status.regions.end(), peers.begin(), peers.end());
    addPeers(status.variants, in);
  }
  status.summaryRegions = regionsOf(status.regions);
  status.exitReadiness = rowsOf(in.plan.dependencies);
  std::string currency;
  if (const auto cost = costOf(in, currency)) {
    status.costPerHour = fmt::format("{}.{:02}", *cost / 1000, *cost % 1000 / 10);
    status.costCurrency = currency;
  }
  status.conditions = conditionsOf(in, totals.ready);
  return told;
}

}  // namespace bailiwick::plan
