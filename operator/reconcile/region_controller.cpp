#include "reconcile/region_controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/encode.hpp"
#include "fleet/offer.hpp"
#include "peers/countersign.hpp"
#include "plan/conditions.hpp"

namespace bailiwick::reconcile {
namespace {

struct Finding {
  std::string type, status, reason, message;
};

Finding labelsConsistent(const plan::Plan& plan) {
  int strangers = 0;
  std::string first;
  for (const auto& group : plan.inventory.groups()) {
    if (group.place.location == plan::Location::Known) continue;
    strangers += static_cast<int>(group.nodes.size());
    if (!first.empty()) continue;
    const auto& node = *plan.inventory.nodes()[group.nodes.front()].node;
    first = fmt::format("node {}: {}", node.meta.key.name, group.place.detail);
  }
  if (strangers == 0) {
    return {"LabelsConsistent", "True", "Consistent", "every node's location is known"};
  }
  return {"LabelsConsistent", "False", "LocationUnknown",
          fmt::format("{} nodes take nothing because of their location; {}", strangers, first)};
}

void set(std::vector<api::Condition>& conditions, const api::Region& region, Finding finding,
         api::Time now) {
  api::Condition condition{std::move(finding.type),   std::move(finding.status),
                           region.meta.generation,    {},
                           std::move(finding.reason), std::move(finding.message)};
  conditions.push_back(plan::judged(std::move(condition), region.status.conditions, now));
}

constexpr std::size_t maxHeads = 256, maxPools = 256, maxClasses = 64;  // as the CRD bounds them

std::vector<api::PoolStatus> shownPools(std::vector<api::PoolStatus> pools) {
  if (pools.size() > maxPools) pools.resize(maxPools);
  for (auto& pool : pools) {
    if (pool.residencyClasses.size() > maxClasses) pool.residencyClasses.resize(maxClasses);
  }
  return pools;
}

using Heads = std::vector<api::EvidenceHead>;

// Those of orders that are gone make room, the oldest first. Where there are more orders than room, who
// was there stays.
Heads bounded(Heads heads, const Heads& own) {
  auto surplus = heads.size() - std::min(heads.size(), maxHeads);
  const auto isGone = [&](const api::EvidenceHead& head) {
    return std::none_of(own.begin(), own.end(), [&](const api::EvidenceHead& live) {
      return peers::ofOneChain(live, head);
    });
  };
  std::erase_if(heads, [&](const api::EvidenceHead& head) {
    if (surplus == 0 || !isGone(head)) return false;
    --surplus;
    return true;
  });
  if (heads.size() > maxHeads) heads.resize(maxHeads);
  return heads;
}

// Heads move on and are never taken back: a peer that has seen one would find it missing.
Heads headsAfter(Heads heads, const Heads& own) {
  for (const auto& head : own) {
    const auto known = std::find_if(heads.begin(), heads.end(), [&](const api::EvidenceHead& h) {
      return peers::ofOneChain(h, head);
    });
    if (known == heads.end()) {
      heads.push_back(head);
    } else if (known->head != head.head || known->root != head.root || known->uid != head.uid) {
      // What was countersigned was another head; who has seen that one asks for a proof from there.
      auto proofs = std::move(known->proofs);
      for (auto& proof : proofs) proof.path.clear();
      if (!known->root.empty() && known->records < head.records) {
        proofs.insert(proofs.begin(), {known->records, {}});
      }
      *known = head;
      known->proofs = std::move(proofs);
    }
  }
  return bounded(std::move(heads), own);
}

nlohmann::json encode(const std::vector<api::EvidenceHead>& heads) {
  auto list = nlohmann::json::array();
  for (const auto& head : heads) {
    list.push_back({{"order", head.order},
                    {"head", head.head},
                    {"records", head.records},
                    {"countersigned", head.countersigned}});
    auto& made = list.back();
    if (!head.uid.empty()) made["uid"] = head.uid;
    if (!head.root.empty()) made["root"] = head.root;
    for (const auto& proof : head.proofs) {
      made["proofs"].push_back({{"from", proof.from}, {"path", proof.path}});
    }
    for (const auto& one : head.signatures) {
      made["signatures"].push_back(
          {{"region", one.region}, {"key", one.key}, {"signature", one.signature}});
    }
  }
  return list;
}

}  // namespace

kube::Outcome RegionController::publishHeads(const api::Region& region, std::stop_token stop) {
  if (!config_.evidenceHeads) return kube::Done{};
  auto heads = config_.peers->countersigned(
      headsAfter(region.status.evidenceHeads, config_.evidenceHeads()));
  for (auto& head : heads) {
    for (auto& proof : head.proofs) {
      // Nothing where the order is gone, or not read since the start: then what was shown stands.
      auto path = config_.growthProof(head, proof.from);
      if (!path.empty()) proof.path = std::move(path);
    }
    std::erase_if(head.proofs, [](const api::EvidenceProof& proof) { return proof.path.empty(); });
  }
  if (heads == region.status.evidenceHeads) return kube::Done{};
  const nlohmann::json body = {
      {"metadata", {{"resourceVersion", region.meta.resourceVersion}}},
      {"status", {{"evidenceHeads", encode(heads)}}}};
  const auto written = kube::write(
      *config_.transport, kube::statusPatch(kube::resources::regions, region.meta.key, body.dump()),
      stop);
  if (!written) return kube::outcomeOf(written.error());
  return kube::Done{};
}

kube::Outcome RegionController::reconcile(std::stop_token stop) {
  const auto planned = config_.planner->current();
  const auto region = config_.caches->regions.store().get(api::Key{"", config_.region});
  if (!planned || !region) return kube::Done{};
  const bool readable = region->decodeError.empty();
  if (readable != (planned->snapshot.region != nullptr)) return kube::Done{};  // a plan is to come
  const auto now = config_.now();
  api::RegionStatus status = region->status;
  if (readable) status.pools = shownPools(planned->plan.pools.rows());
  status.clusterUID = config_.clusterUid;
  status.imports = config_.refusedImports();
  if (readable) status.health = region->cordoned ? "Cordoned" : "Live";
  if (status.health != region->status.health || !status.healthSince) {
    status.healthSince = std::chrono::floor<std::chrono::seconds>(now);
  }
  status.conditions.clear();
  set(status.conditions, *region,
      {"Ready", readable ? "True" : "False", readable ? "Serving" : "InvalidSpec",
       readable ? "its operator places deployments" : region->decodeError},
      now);
  set(status.conditions, *region, {"Reachable", "True", "Self", "this is the region itself"}, now);
  set(status.conditions, *region,
      readable ? labelsConsistent(planned->plan)
               : Finding{"LabelsConsistent", "Unknown", "InvalidSpec", region->decodeError},
      now);
  const auto agreement = config_.peers->agreementOnOwn(*region);
  const auto* known = api::findCondition(region->status.conditions, "SpecInSync");
  if (agreement) {
    set(status.conditions, *region,
        {"SpecInSync", agreement->status, agreement->reason, agreement->message}, now);
  } else if (known) {
    status.conditions.push_back(*known);  // conditions are never taken away
  }
  if (status == region->status) return publishHeads(*region, stop);
  if (const auto due = fleet::heldBackUntil(region->status, status, poolsTold_, now)) {
    const auto heads = publishHeads(*region, stop);  // evidence does not wait for it
    if (!std::holds_alternative<kube::Done>(heads)) return heads;
    return kube::RequeueAfter{std::chrono::ceil<std::chrono::milliseconds>(*due - now)};
  }
  const nlohmann::json body = {
      {"metadata", {{"resourceVersion", region->meta.resourceVersion}}},
      {"status", api::toJson(status)}};
  const auto written = kube::write(
      *config_.transport,
      kube::statusPatch(kube::resources::regions, region->meta.key, body.dump()), stop);
  if (!written) return kube::outcomeOf(written.error());
  if (status.pools != region->status.pools) poolsTold_ = now;
  auto current = *region;
  current.meta.resourceVersion = written->resourceVersion;
  return publishHeads(current, stop);
}

kube::ApiResult<void> RegionController::countersign(const std::string& peer,
                                                    std::vector<api::EvidenceHead>& heads,
                                                    std::stop_token stop) {
  for (auto& head : heads) {
    if (head.root.empty() || !head.signatures.empty()) continue;
    auto one = peers::unsignedOf(head, peer, config_.region);
    if (const auto done = config_.countersign(one, stop); !done) return done;
    head.signatures = {{config_.region, one.key, one.signature}};
  }
  return {};
}

kube::Outcome RegionController::reconcilePeer(const std::string& name, std::stop_token stop) {
  const auto region = config_.caches->regions.store().get(api::Key{"", name});
  if (!region) return kube::Done{};
  auto status = config_.peers->statusOf(*region);
  if (!status) return kube::Done{};
  const auto signing = countersign(name, status->evidenceHeads, stop);
  // What is not signed is not recorded; how the peer is, is told all the same.
  if (!signing) status->evidenceHeads = region->status.evidenceHeads;
  const auto done = signing ? kube::Outcome(kube::Done{}) : kube::outcomeOf(signing.error());
  if (*status == region->status) return done;
  nlohmann::json body = {{"metadata", {{"resourceVersion", region->meta.resourceVersion}}},
                         {"status", api::toJson(*status)}};
  if (status->evidenceHeads != region->status.evidenceHeads) {
    body["status"]["evidenceHeads"] = encode(status->evidenceHeads);
  }
  const auto written = kube::write(
      *config_.transport,
      kube::statusPatch(kube::resources::regions, region->meta.key, body.dump()), stop);
  if (!written) return kube::outcomeOf(written.error());
  return done;
}

}  // namespace bailiwick::reconcile
