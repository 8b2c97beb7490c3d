#include "fleet/import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/hash.hpp"
#include "api/labels.hpp"

namespace bailiwick::fleet {
namespace {

using Act = ImportDecision::Act;
namespace names = api::names;

constexpr char kind[] = "ModelDeployment";
constexpr char heartbeatNamespace[] = "bailiwick-system";
constexpr auto keptFor = std::chrono::hours(30 * 24);
constexpr std::size_t mostTombstones = 1000;

std::string valueOf(const api::Labels& labels, std::string_view key) {
  const auto* found = labels.find(key);
  return found ? *found : std::string();
}

bool names_(const std::vector<api::Tombstone>& tombstones, std::string_view uid) {
  return std::any_of(tombstones.begin(), tombstones.end(),
                     [&](const auto& tombstone) { return tombstone.uid == uid; });
}

bool hasOriginal(const OriginView& origin) {
  return origin.deployment && !isCopy(*origin.deployment);
}

// What there is to copy: an original that is read, is not going, and can be understood.
bool offersOriginal(const OriginView& origin) {
  return origin.read && !origin.stranger && hasOriginal(origin) && !origin.deployment->meta.deleted &&
         origin.deployment->decodeError.empty();
}

const OriginView* originNamed(const ImportWorld& world, std::string_view region) {
  const auto found =
      std::find_if(world.origins.begin(), world.origins.end(),
                   [&](const OriginView& origin) { return origin.region == region; });
  return found == world.origins.end() ? nullptr : &*found;
}

ImportDecision take(Act act, const OriginView& origin) {
  ImportDecision decision;
  decision.act = act;
  decision.origin = origin.region;
  decision.originCluster = origin.clusterUid;
  decision.original = origin.deployment;
  return decision;
}

ImportDecision say(Act act, std::string reason, std::string message) {
  ImportDecision decision;
  decision.act = act;
  decision.reason = std::move(reason);
  decision.message = std::move(message);
  return decision;
}

std::optional<ImportRefusal> refusedByPlace(const api::Key& name, const ImportWorld& world) {
  if (name.ns.starts_with("kube-") || name.ns == world.systemNamespace ||
      name.ns == heartbeatNamespace) {
    return ImportRefusal{"NamespaceReserved",
                         fmt::format("nothing is imported into namespace {}", name.ns)};
  }
  if (!world.ns.exists && !world.makesNamespaces) {
    return ImportRefusal{"NamespaceMissing",
                         fmt::format("there is no namespace {} here; make it, or let the operator: "
                                     "chart value imports.createNamespaces", name.ns)};
  }
  if (world.ns.denied) {
    return ImportRefusal{"ImportDenied", fmt::format("namespace {} is labelled {}: denied", name.ns,
                                                     names::importLabel)};
  }
  return std::nullopt;
}

api::ModelDeployment asCopy(const OriginView& origin) {
  auto copy = *origin.deployment;
  copy.meta.labels = copiedLabels(copy);
  copy.meta.labels.set(names::originRegionLabel, origin.region);
  return copy;
}

std::optional<ImportRefusal> refusal(const api::Key& name, const ImportWorld& world,
                                     const OriginView& origin) {
  auto refused = refusedByPlace(name, world);
  return refused ? refused : world.refuses(asCopy(origin));
}

// The name is free here.
ImportDecision decideNew(const api::Key& name, const ImportWorld& world) {
  ImportDecision refused;
  for (const auto& origin : world.origins) {
    if (!offersOriginal(origin)) continue;
    if (names_(world.ownTombstones, origin.deployment->meta.uid)) {
      refused = say(Act::Refuse, "DeletedHere",
                    fmt::format("{} was deleted here while region {} kept its own; apply it here "
                                "to have it here again", name.str(), origin.region));
    } else if (const auto reason = refusal(name, world, origin)) {
      refused = say(Act::Refuse, reason->reason, reason->message);
    } else {
      auto decision = take(Act::Create, origin);
      decision.makesNamespace = !world.ns.exists;
      return decision;
    }
    refused.origin = origin.region;
    refused.original = origin.deployment;
  }
  return refused;
}

bool sameCluster(const api::ModelDeployment& copy, const OriginView& origin) {
  const auto made = valueOf(copy.meta.annotations, names::originCluster);
  return made.empty() || origin.clusterUid.empty() || made == origin.clusterUid;
}

// Another region's original of the same name, where the copy can go on without being touched. Whoever
// may not be imported from inherits nothing.
const OriginView* heir(const api::Key& name, const ImportWorld& world, const std::string& specHash,
                       std::string_view except) {
  for (const auto& origin : world.origins) {
    if (origin.region != except && offersOriginal(origin) &&
        api::specHash(origin.deployment->spec) == specHash && !refusal(name, world, origin)) {
      return &origin;
    }
  }
  return nullptr;
}

ImportDecision lost(const api::ModelDeployment& copy, std::string message) {
  if (valueOf(copy.meta.annotations, names::originLost) == message) return {};
  return say(Act::MarkLost, "OriginLost", std::move(message));
}

ImportDecision follow(const api::ModelDeployment& copy, const OriginView& origin) {
  const auto& original = *origin.deployment;
  const bool same =
      valueOf(copy.meta.labels, names::originUidLabel) == original.meta.uid &&
      valueOf(copy.meta.labels, names::originSpecHashLabel) == api::specHash(original.spec) &&
      valueOf(copy.meta.labels, names::originRegionLabel) == origin.region &&
      api::specHash(copy.spec) == api::specHash(original.spec) &&
      copiedLabels(copy) == copiedLabels(original);
  if (!same) return take(Act::Update, origin);
  if (copy.meta.annotations.find(names::originLost)) return take(Act::MarkFound, origin);
  return {};
}

ImportDecision decideCopy(const api::Key& name, const ImportWorld& world) {
  const auto& copy = *world.own;
  if (copy.meta.deleted) return {};
  if (!copy.specManager.empty()) {
    return say(Act::Detach, "AppliedHere",
               fmt::format("{} applies it here as well: it is an original now", copy.specManager));
  }
  const auto region = valueOf(copy.meta.labels, names::originRegionLabel);
  const auto uid = valueOf(copy.meta.labels, names::originUidLabel);
  const auto hash = valueOf(copy.meta.labels, names::originSpecHashLabel);
  const auto* origin = originNamed(world, region);
  if (!origin || !origin->read) return {};  // nothing is known of it, so nothing changes
  const bool same = sameCluster(copy, *origin);
  if (same && names_(origin->tombstones, uid)) {
    const bool anew = offersOriginal(*origin) && !refusal(name, world, *origin);
    if (anew) return follow(copy, *origin);  // deleted and made again
    if (const auto* next = heir(name, world, hash, region)) return take(Act::Update, *next);
    return say(Act::Delete, "OriginalDeleted",
               fmt::format("region {} deleted {} (uid {})", region, name.str(), uid));
  }
  if (same && offersOriginal(*origin)) return follow(copy, *origin);
  if (same && origin->deployment && origin->deployment->meta.deleted) return {};
  if (const auto* next = heir(name, world, hash, region)) return take(Act::Update, *next);
  return lost(copy, same ? fmt::format("region {} has no original of {} (uid {}) and no record of "
                                       "its deletion; kubectl bailiwick adopt makes this one the "
                                       "original", region, name.str(), uid)
                         : fmt::format("the cluster of region {} is another one (uid {}) than this "
                                       "copy is of; kubectl bailiwick adopt makes it the original",
                                       region, origin->clusterUid));
}

}  // namespace

bool isCopy(const api::ModelDeployment& deployment) {
  return deployment.meta.labels.find(names::originRegionLabel) != nullptr;
}

api::Labels copiedLabels(const api::ModelDeployment& original) {
  static constexpr std::array reserved = {std::string_view("kubernetes.io"),
                                          std::string_view("k8s.io"),
                                          std::string_view("bailiwick.dev")};
  api::Labels kept;
  for (const auto& [key, value] : original.meta.labels) {
    const auto domain = std::string_view(key).substr(0, std::min(key.find('/'), key.size()));
    const bool ours =
        key.find('/') != std::string::npos &&
        std::any_of(reserved.begin(), reserved.end(),
                    [&](std::string_view end) { return domain.ends_with(end); });
    if (!ours) kept.set(key, value);
  }
  return kept;
}

ImportDecision decideImport(const api::Key& name, const ImportWorld& world) {
  if (!world.own) return decideNew(name, world);
  return isCopy(*world.own) ? decideCopy(name, world) : ImportDecision{};
}

std::vector<api::Tombstone> withTombstones(std::vector<api::Tombstone> known,
                                           const std::vector<api::Tombstone>& added,
                                           const std::set<std::string>& shown, api::Time now) {
  std::vector<api::Tombstone> fresh;
  for (const auto& tombstone : added) {
    if (!names_(known, tombstone.uid)) fresh.push_back(tombstone);
  }
  std::erase_if(known, [&](const auto& tombstone) {
    return now - tombstone.at > keptFor && !shown.contains(tombstone.uid);
  });
  const auto all = known.size() + fresh.size();
  auto surplus = all - std::min(all, mostTombstones);
  std::erase_if(known, [&](const auto& tombstone) {
    return surplus > 0 && !shown.contains(tombstone.uid) && surplus-- > 0;
  });
  known.erase(known.begin(),
              known.begin() + static_cast<std::ptrdiff_t>(std::min(surplus, known.size())));
  known.insert(known.end(), fresh.begin(), fresh.end());
  return known;
}

std::vector<api::Tombstone> tombstonesFor(const api::ModelDeployment& original,
                                          const std::vector<OriginView>& origins, api::Time now) {
  const auto& meta = original.meta;
  const auto at = std::chrono::floor<std::chrono::seconds>(now);
  std::vector<api::Tombstone> all;
  for (const auto& origin : origins) {
    if (!hasOriginal(origin)) continue;  // as last seen: who is out of reach now comes back
    all.push_back({kind, meta.key.ns, meta.key.name, origin.deployment->meta.uid, at});
  }
  all.push_back({kind, meta.key.ns, meta.key.name, meta.uid, at});
  return all;
}

}  // namespace bailiwick::fleet
