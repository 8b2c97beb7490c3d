#include "plan/elsewhere.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace bailiwick::plan {
namespace {

bool takesNew(const PeerRow& peer) {
  return peer.admitted && peer.claim && peer.region &&
         peer.judgement.health == fleet::Health::Live;
}

int shareOf(const api::RegionEntry& entry, const std::string& variant) {
  for (const auto& share : entry.share) {
    if (share.variant == variant) return share.replicas;
  }
  return 0;
}

std::int64_t devicesOf(const api::Variant& variant) {
  return std::int64_t{variant.accelerator.perReplica} * variant.accelerator.nodes;
}

const api::PoolStatus* poolOf(const PeerRow& peer, const std::string& name) {
  if (!peer.own) return nullptr;
  const auto& pools = peer.own->status.pools;
  const auto pool = std::find_if(pools.begin(), pools.end(),
                                 [&](const api::PoolStatus& p) { return p.name == name; });
  return pool == pools.end() ? nullptr : &*pool;
}

}  // namespace

bool Elsewhere::doesWithout(const DeploymentPlan& plan, const api::Variant& variant,
                            const PeerRow& peer) const {
  if (variant.external) return false;
  if (dependency_.kind == DependencyKind::Product) {
    const auto& products = variant.accelerator.products;
    return !products.empty() &&
           std::find(products.begin(), products.end(), dependency_.value) == products.end();
  }
  const auto facts = policy::factsOf(
      {*plan.deployment, variant, world_.passports, *peer.region, *world_.catalog});
  const auto all = dependenciesOf(facts);
  return !std::binary_search(all.begin(), all.end(), dependency_) &&
         !(isUnknown(facts) && looksAtModels(dependency_.kind));
}

bool Elsewhere::anyDoesWithout(const DeploymentPlan& plan) const {
  if (!plan.fleet) return false;
  for (const auto& peer : plan.fleet->peers) {
    if (!takesNew(peer)) continue;
    for (const auto& offer : peer.claim->offer) {
      const auto* v = plan.variant(offer.variant);
      if (v && offer.replicas > 0 && doesWithout(plan, *v->variant, peer)) return true;
    }
  }
  return false;
}

int Elsewhere::room(const PeerRow& peer, const api::VariantOffer& offer,
                    const api::Variant& variant) const {
  std::int64_t replicas = offer.replicas - shareOf(*peer.claim, offer.variant);
  std::int64_t devices = 0;
  bool known = false;
  for (const auto& name : offer.pools) {
    const auto* pool = poolOf(peer, name);
    if (!pool) continue;
    known = true;
    const auto used = used_.find({peer.name, name});
    devices += pool->devicesFree - (used == used_.end() ? 0 : used->second);
  }
  if (known) replicas = std::min(replicas, devices / std::max<std::int64_t>(1, devicesOf(variant)));
  return static_cast<int>(std::max<std::int64_t>(0, replicas));
}

void Elsewhere::use(const PeerRow& peer, const api::VariantOffer& offer, std::int64_t devices) {
  for (const auto& name : offer.pools) {
    const auto* pool = poolOf(peer, name);
    if (!pool) continue;
    auto& used = used_[{peer.name, name}];
    const auto taken = std::clamp<std::int64_t>(pool->devicesFree - used, 0, devices);
    used += taken;
    devices -= taken;
  }
}

void Elsewhere::takeOver(const DeploymentPlan& plan, api::Units& missing, Answer& answer) {
  if (!plan.fleet) return;
  for (const auto& v : plan.variants) {
    for (const auto& peer : plan.fleet->peers) {
      if (!takesNew(peer)) continue;
      for (const auto& offer : peer.claim->offer) {
        if (offer.variant != v.variant->name || !doesWithout(plan, *v.variant, peer)) continue;
        const auto capacity = v.variant->capacity;
        const auto wanted = std::max<api::Units>(0, (missing + capacity - 1) / capacity);
        const auto taken = std::min<api::Units>(wanted, room(peer, offer, *v.variant));
        use(peer, offer, taken * devicesOf(*v.variant));
        missing -= taken * capacity;
        if (taken > 0 && answer.alternative.empty()) {
          answer.alternative = fmt::format("{}@{}", v.variant->name, peer.name);
        }
      }
    }
  }
}

Hash signatureOf(const FleetShare& share) {
  Hash hash = 0;
  for (const auto& peer : share.peers) {
    mix(hash, peer.name);
    mix(hash, static_cast<Hash>(peer.judgement.health));
    mix(hash, static_cast<Hash>(peer.admitted));
    if (!peer.claim) continue;
    for (const auto& offer : peer.claim->offer) {
      mix(hash, offer.variant);
      mix(hash, static_cast<Hash>(offer.replicas - shareOf(*peer.claim, offer.variant)));
      for (const auto& name : offer.pools) {
        const auto* pool = poolOf(peer, name);
        mix(hash, name);
        if (pool) mix(hash, static_cast<Hash>(pool->devicesFree));
      }
    }
  }
  return hash;
}

}  // namespace bailiwick::plan
