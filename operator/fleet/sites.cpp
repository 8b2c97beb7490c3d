#include "fleet/sites.hpp"

#include <algorithm>
#include <limits>

namespace bailiwick::fleet {
namespace {

bool overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& name) {
    return std::find(b.begin(), b.end(), name) != b.end();
  });
}

// What an exit leaves is offered only as far as it is held.
bool leaves(const api::VariantOffer& offer) { return offer.reason == "ExitInProgress"; }

std::int64_t devicesOf(const api::Variant& variant) {
  return std::int64_t{variant.accelerator.perReplica} * variant.accelerator.nodes;
}

// FNV-1a, and the finalizer of splitmix64 to spread it: ties need no more than to look random.
std::uint64_t hashOf(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

std::uint64_t spread(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::uint64_t rankOf(std::uint64_t deployment, std::string_view region) {
  return spread(spread(deployment) ^ hashOf(region));
}

}  // namespace

std::uint64_t rank(std::string_view deployment, std::string_view region) {
  return rankOf(hashOf(deployment), region);
}

Sites::Sites(const AllocationInput& input)
    : spec_(input.spec),
      variants_(static_cast<int>(input.spec.variants.size())),
      cap_(regionCap(input.spec)),
      missing_(wantedUnits(input.spec)) {
  const auto regions = input.regions.size();
  const auto cells = regions * static_cast<std::size_t>(variants_);
  roles_.resize(regions);
  ranks_.resize(regions);
  units_.resize(regions);
  for (auto* cell : {&offer_, &share_, &leaving_}) cell->assign(cells, 0);
  group_.assign(cells, -1);
  for (const auto& variant : spec_.variants) devices_.push_back(devicesOf(variant));
  const auto seed = hashOf(input.name);
  for (int r = 0; r < static_cast<int>(regions); ++r) {
    ranks_[r] = rankOf(seed, input.regions[r].name);
    roles_[r] = input.regions[r].role;
    if (roles_[r] != Role::Gone) read(input.regions[r], r);
  }
}

void Sites::read(const RegionInput& region, int r) {
  const auto findVariant = [&](const std::string& name, int guess) {
    for (int tried = 0; tried < variants_; ++tried) {
      const int v = (guess + tried) % variants_;
      if (spec_.variants[v].name == name) return v;
    }
    return -1;
  };
  int guess = 0;
  std::uint32_t leavingVariants = roles_[r] == Role::Draining ? ~0U : 0U;
  static const std::vector<api::VariantOffer> noOffer;
  static const std::vector<api::VariantCount> noShare;
  for (const auto& offer : region.offer ? *region.offer : noOffer) {
    const int v = findVariant(offer.variant, guess);
    if (v < 0 || spec_.variants[v].external) continue;
    guess = v + 1;
    offer_[at(r, v)] = std::clamp(offer.replicas, 0, capOf(spec_.variants[v], spec_));
    if (leaves(offer)) leavingVariants |= 1U << v;
  }
  guess = 0;
  for (const auto& share : region.share ? *region.share : noShare) {
    const int v = findVariant(share.variant, guess);
    if (v < 0) continue;
    guess = v + 1;
    const int held = std::clamp(share.replicas, 0, offer_[at(r, v)]);
    const bool active = roles_[r] == Role::Active || roles_[r] == Role::Draining;
    (active && (leavingVariants >> v & 1U) ? leaving_ : share_)[at(r, v)] = held;
  }
  bound(r);
  for (int v = 0; v < variants_; ++v) units_[r] += share_[at(r, v)] * capacity(v);
  if (roles_[r] == Role::Frozen && region.foreignUnits > 0) units_[r] = region.foreignUnits;
  if (roles_[r] != Role::Out) missing_ -= units_[r];
  for (int v = 0; v < variants_; ++v) {
    if (leavingVariants >> v & 1U) offer_[at(r, v)] = 0;
  }
  if (roles_[r] == Role::Active) sharePools(region, r);
}

// No claim is more than a region may have.
void Sites::bound(int r) {
  auto left = cap_;
  for (auto* held : {&share_, &leaving_}) {
    for (int v = 0; v < variants_; ++v) {
      auto& replicas = (*held)[at(r, v)];
      if (replicas > 0) replicas = static_cast<int>(std::min<api::Units>(replicas, left / capacity(v)));
      left -= replicas * capacity(v);
    }
  }
}

// Variants that may be put on the same pools share their devices: what they hold of them, and what the
// one that offers most could still take, but never more than there are.
void Sites::sharePools(const RegionInput& region, int r) {
  if (!region.offer) return;
  std::vector<const api::VariantOffer*> offers(static_cast<std::size_t>(variants_), nullptr);
  int some = 0;
  for (const auto& offer : *region.offer) {
    for (int v = 0; v < variants_; ++v) {
      if (spec_.variants[v].name != offer.variant || offer.replicas <= 0) continue;
      offers[v] = &offer;
      ++some;
    }
  }
  if (some < 2) return;
  for (int v = 0; v < variants_; ++v) {
    if (!offers[v] || group_[at(r, v)] >= 0) continue;
    std::vector<int> members{v};
    for (std::size_t next = 0; next < members.size(); ++next) {
      for (int w = v + 1; w < variants_; ++w) {
        const bool in = std::find(members.begin(), members.end(), w) != members.end();
        if (offers[w] && !in && overlap(offers[members[next]]->pools, offers[w]->pools)) {
          members.push_back(w);
        }
      }
    }
    if (members.size() < 2) continue;
    std::int64_t used = 0, most = 0, there = 0;
    std::vector<std::string> names;
    for (const int w : members) {
      group_[at(r, w)] = static_cast<int>(budgets_.size());
      const int held = share_[at(r, w)] + leaving_[at(r, w)];
      used += held * devices_[w];
      most = std::max(most, (offers[w]->replicas - held) * devices_[w]);
      names.insert(names.end(), offers[w]->pools.begin(), offers[w]->pools.end());
    }
    if (region.pools) {
      for (const auto& pool : *region.pools) {
        if (std::find(names.begin(), names.end(), pool.name) != names.end()) there += pool.devices;
      }
    }
    budgets_.push_back(there > 0 ? std::min(most, std::max<std::int64_t>(0, there - used)) : most);
  }
}

int Sites::room(int r, int v) const {
  const auto cell = at(r, v);
  std::int64_t room = offer_[cell] - share_[cell];
  if (cap_ != std::numeric_limits<api::Units>::max()) {
    room = std::min<std::int64_t>(room, (cap_ - units_[r]) / capacity(v));
  }
  if (group_[cell] >= 0) {
    const auto devices = std::max<std::int64_t>(1, devices_[v]);
    room = std::min(room, budgets_[group_[cell]] / devices);
  }
  return static_cast<int>(std::max<std::int64_t>(0, room));
}

void Sites::add(int r, int v, int replicas) {
  share_[at(r, v)] += replicas;
  units_[r] += replicas * capacity(v);
  missing_ -= replicas * capacity(v);
  if (group_[at(r, v)] >= 0) budgets_[group_[at(r, v)]] -= replicas * devices_[v];
}

void Sites::keep(int r, int v, int replicas) {
  leaving_[at(r, v)] -= replicas;
  add(r, v, replicas);
}

}  // namespace bailiwick::fleet
