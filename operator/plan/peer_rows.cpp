#include "plan/peer_rows.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "api/hash.hpp"
#include "api/labels.hpp"

namespace bailiwick::plan {
namespace {

using fleet::Health;

constexpr std::size_t maxRegions = 128, maxPools = 64, maxVariants = 16;  // as the CRD bounds them
constexpr std::size_t currencyLength = 3;

bool serves(const PeerRow& row) { return row.counts && row.admitted && row.claim; }

bool isLive(const PeerRow& row) {
  return row.judgement.health == Health::Live || row.judgement.health == Health::Cordoned;
}

api::RegionEntry entryOf(const PeerRow& row, const std::vector<api::RegionEntry>& before,
                         api::Time now) {
  api::RegionEntry entry;
  if (row.claim) entry = *row.claim;
  entry.name = row.name;
  entry.self = false;
  const auto& judgement = row.judgement;
  const auto held = judgement.out ? Health::Returning : Health::Suspect;
  entry.health = fleet::nameOf(judgement.held ? held : judgement.health);
  entry.healthSince = std::chrono::floor<std::chrono::seconds>(now);
  const auto old = std::find_if(before.begin(), before.end(), [&](const api::RegionEntry& e) {
    return !e.self && e.name == row.name;
  });
  if (old == before.end()) return entry;
  // Status is what a process that begins knows of it: that it was lost is not forgotten by one that
  // cannot see it, and who was held was not lost.
  if (judgement.out && judgement.health == Health::Unknown) entry.health = old->health;
  if (old->health == entry.health) entry.healthSince = old->healthSince;
  const bool same = old->health == entry.health && old->share == entry.share &&
                    old->ready == entry.ready && old->specHash == entry.specHash &&
                    old->passportHash == entry.passportHash;
  return same ? *old : entry;
}

// Peers may say what they like: no sum of it is beyond an int.
void add(int& sum, int more) {
  if (__builtin_add_overflow(sum, more, &sum)) sum = std::numeric_limits<int>::max();
}

// The fields of two specs that differ, by their names at the top.
std::string differences(const api::ModelDeploymentSpec& a, const api::ModelDeploymentSpec& b) {
  const auto x = nlohmann::json::parse(api::canonicalSpec(a));
  const auto y = nlohmann::json::parse(api::canonicalSpec(b));
  std::set<std::string> names;
  for (const auto* object : {&x, &y}) {
    for (const auto& [name, value] : object->items()) {
      if (!x.contains(name) || !y.contains(name) || x[name] != y[name]) names.insert(name);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::vector<api::RegionEntry> peerEntries(const StatusInput& in) {
  std::vector<const PeerRow*> rows;
  for (const auto& row : in.plan.fleet->peers) {
    if (row.admitted) rows.push_back(&row);  // what is claimed outside the domain is nobody's share
  }
  std::stable_partition(rows.begin(), rows.end(),
                        [](const PeerRow* row) { return row->claim && !row->claim->share.empty(); });
  if (rows.size() > maxRegions - 1) rows.resize(maxRegions - 1);
  std::vector<api::RegionEntry> entries;
  for (const auto* row : rows) {
    entries.push_back(entryOf(*row, in.current.status.regions, in.now));
  }
  return entries;
}

void addPeers(std::vector<api::VariantStatus>& rows, const StatusInput& in) {
  const auto rowOf = [&](const std::string& variant) -> api::VariantStatus* {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const api::VariantStatus& row) {
      return row.name == variant;
    });
    if (found != rows.end()) return &*found;
    if (rows.size() >= maxVariants || !in.plan.variant(variant)) return nullptr;
    rows.push_back({variant, 0, 0, {}, ""});
    return &rows.back();
  };
  for (const auto& peer : in.plan.fleet->peers) {
    if (!serves(peer)) continue;
    for (const auto& share : peer.claim->share) {
      auto* row = rowOf(share.variant);
      if (!row) continue;
      add(row->assigned, share.replicas);
      for (const auto& offer : peer.claim->offer) {
        if (offer.variant != share.variant) continue;
        for (const auto& pool : offer.pools) {
          if (row->pools.size() < maxPools) row->pools.push_back(peer.name + "/" + pool);
        }
      }
    }
    for (const auto& ready : peer.claim->ready) {
      if (auto* row = rowOf(ready.variant)) add(row->ready, ready.replicas);
    }
  }
}

std::optional<std::int64_t> priceOf(const api::Variant& variant, int replicas,
                                    const std::vector<api::Price>& prices, std::string& currency,
                                    bool& any) {
  const auto& wanted = variant.accelerator;
  const auto price = std::find_if(prices.begin(), prices.end(), [&](const api::Price& p) {
    const auto& products = wanted.products;
    return p.vendor == wanted.vendor &&
           (products.empty() ||
            std::find(products.begin(), products.end(), p.product) != products.end());
  });
  if (price == prices.end()) return std::nullopt;
  if (price->currency.size() != currencyLength) return std::nullopt;
  if (any && price->currency != currency) return std::nullopt;
  std::int64_t cost = price->perDeviceHour;
  for (const int times : {wanted.perReplica, wanted.nodes, replicas}) {
    if (__builtin_mul_overflow(cost, times, &cost)) return std::nullopt;
  }
  currency = price->currency;
  any = true;
  return cost;
}

std::optional<std::int64_t> costOfPeers(const StatusInput& in, std::string& currency, bool& any) {
  std::int64_t sum = 0;
  for (const auto& peer : in.plan.fleet->peers) {
    if (!serves(peer)) continue;
    for (const auto& share : peer.claim->share) {
      const auto* v = in.plan.variant(share.variant);
      if (!v || !peer.own) return std::nullopt;
      const auto cost = priceOf(*v->variant, share.replicas, peer.own->prices, currency, any);
      if (!cost || __builtin_add_overflow(sum, *cost, &sum)) return std::nullopt;
    }
  }
  return sum;
}

Agreement agreementOf(const StatusInput& in) {
  const auto* lost = in.current.meta.annotations.find(api::names::originLost);
  if (lost) return {"False", "OriginLost", *lost};
  if (!in.plan.fleet) return {"True", "InSync", "this is the only region that serves it"};
  const auto& fleet = *in.plan.fleet;
  std::vector<std::string> agree, conflicts;
  for (const auto& row : fleet.peers) {
    if (!isLive(row) || !row.claim) continue;
    if (row.claim->specHash != fleet.specHash) {
      if (fleet.decision.awaiting) {
        return {"Unknown", "Scaling", fmt::format("region {} has not taken over this spec yet",
                                                  row.name)};
      }
      const auto what = row.object ? differences(in.current.spec, row.object->spec) : "its spec";
      return {"False", "SpecDiverged",
              fmt::format("region {} has another spec ({}): nothing is rebalanced and new placement "
                          "keeps to what both allow; apply the same spec in every region",
                          row.name, what)};
    }
    const bool same = row.claim->passportHash == in.passportHash;
    if (!same && !row.claim->passportHash.empty() && !in.passportHash.empty()) {
      conflicts.push_back(row.name);
    }
    agree.push_back(row.name);
  }
  if (!conflicts.empty()) {
    return {"False", "PassportConflict",
            fmt::format("the passports that it names are not the same in {}: compare publisher, "
                        "origin, licence and digests",
                        fmt::join(conflicts, ", "))};
  }
  if (agree.empty()) return {"True", "InSync", "no other live region serves it"};
  return {"True", "InSync", fmt::format("the spec is the same in {}", fmt::join(agree, ", "))};
}

}  // namespace bailiwick::plan
