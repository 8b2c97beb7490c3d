#include "plugin/known_region.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "api/decode.hpp"
#include "api/hash.hpp"
#include "api/labels.hpp"

namespace bailiwick::plugin {
namespace {

template <class T>
using Objects = std::vector<std::shared_ptr<const T>>;

template <class T, class Decode>
Result<void> decodeInto(Objects<T>& objects, const Decode& decode, simdjson::dom::element json) {
  auto object = decode(json);
  if (!object) return tl::unexpected(object.error());
  objects.push_back(std::make_shared<const T>(*std::move(object)));
  return {};
}

bool isOurs(const api::Workload& workload) {
  return workload.meta.labels.has(api::names::managedByLabel, api::names::managedBy);
}

template <class T>
auto find(Objects<T>& objects, const api::Key& key) {
  return std::find_if(objects.begin(), objects.end(),
                      [&](const auto& object) { return object->meta.key == key; });
}

template <class T>
bool sameButForStatus(T a, const T& b) {
  a.meta = b.meta;
  a.status = b.status;
  return a == b;
}

template <class T>
void carryStatus(T& applied, const T& old) {
  applied.status = old.status;
}

// Whoever changes a variant that does not start wants it tried at once, as in the operator.
void carryStatus(api::ModelDeployment& applied, const api::ModelDeployment& old) {
  applied.status = old.status;
  if (old.status.observedGeneration == old.meta.generation) {
    applied.status.observedGeneration = applied.meta.generation;
  }
  const auto sameVariant = [&](const std::string& name) {
    const auto named = [&](const api::Variant& v) { return v.name == name; };
    const auto &a = applied.spec.variants, &b = old.spec.variants;
    const auto now = std::find_if(a.begin(), a.end(), named);
    const auto then = std::find_if(b.begin(), b.end(), named);
    return now != a.end() && then != b.end() && *now == *then && applied.spec.pod == old.spec.pod;
  };
  const auto was = api::specHash(old.spec), is = api::specHash(applied.spec);
  for (auto& entry : applied.status.regions) {
    std::erase_if(entry.offer,
                  [&](const api::VariantOffer& offer) { return !sameVariant(offer.variant); });
    // Peers take over what is applied here.
    if (!entry.self && entry.specHash == was) entry.specHash = is;
  }
}

// Puts an applied object in the place of the one that is there.
template <class T>
Change put(Objects<T>& objects, T applied, api::Time now) {
  const auto existing = find(objects, applied.meta.key);
  if (existing == objects.end()) {
    applied.meta.uid = "new " + applied.meta.key.str();
    applied.meta.created = now;
    applied.meta.generation = 1;
    applied.status = {};
    objects.push_back(std::make_shared<const T>(std::move(applied)));
    return Change::Created;
  }
  const auto& old = **existing;
  const bool same = sameButForStatus(applied, old) && applied.meta.labels == old.meta.labels;
  auto labels = std::move(applied.meta.labels);
  applied.meta = old.meta;
  applied.meta.labels = std::move(labels);
  if (!same) ++applied.meta.generation;
  carryStatus(applied, old);
  *existing = std::make_shared<const T>(std::move(applied));
  return same ? Change::Unchanged : Change::Changed;
}

template <class T, class Decode>
Change apply(Objects<T>& objects, const manifest::Entry& entry, const Decode& decode,
             api::Time now) {
  auto applied = manifest::decodeEntry<T>(entry, decode);
  // It is sound: it has been decoded before.
  return put(objects, *std::move(applied), now);
}

}  // namespace

Gathering::Gathering(const catalog::Catalog& catalog)
    : decodeNode_(reconcile::nodeDecoder(catalog)) {}

Result<void> Gathering::add(std::string_view kind, simdjson::dom::element json) {
  auto& s = known_.snapshot;
  if (kind == "ModelDeployment") {
    return decodeInto(s.deployments, api::decodeModelDeployment, json);
  }
  if (kind == "ModelPassport") return decodeInto(s.passports, api::decodeModelPassport, json);
  if (kind == "SovereigntyPolicy") {
    return decodeInto(s.policies, api::decodeSovereigntyPolicy, json);
  }
  if (kind == "ExitOrder") return decodeInto(s.exitOrders, api::decodeExitOrder, json);
  if (kind == "Region") return decodeInto(known_.regions, api::decodeRegion, json);
  if (kind == "Node") return decodeInto(s.nodes, decodeNode_, json);
  if (kind == "Pod") return decodeInto(s.pods, api::decodePod, json);
  if (kind == "Deployment" || kind == "LeaderWorkerSet") {
    auto workload = api::decodeWorkload(json);
    if (!workload) return tl::unexpected(workload.error());
    if (isOurs(*workload)) {
      s.workloads.push_back(std::make_shared<const api::Workload>(*std::move(workload)));
    }
  } else if (kind == "RuntimeClass") {
    auto object = api::decodeGenericObject(json);
    if (!object) return tl::unexpected(object.error());
    known_.runtimeClasses.insert(object->meta.key.name);
  }
  return {};
}

Result<void> Gathering::add(std::string_view kind, const std::string& json) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(json).get(element) != simdjson::SUCCESS) return fail("cannot be read as JSON");
  return add(kind, element);
}

Result<KnownRegion> Gathering::take(const std::string& name, const std::string& clusterUid) {
  std::vector<std::string> names;
  std::shared_ptr<const api::Region> own;
  for (const auto& region : known_.regions) {
    names.push_back(region->meta.key.name);
    const bool here = !clusterUid.empty() && region->status.clusterUID == clusterUid;
    if (name.empty() ? here : names.back() == name) own = region;
  }
  if (!own && name.empty() && known_.regions.size() == 1) own = known_.regions.front();
  if (!own && !name.empty()) {
    return fail(fmt::format("there is no Region {}; there {}", name,
                            names.empty() ? "is none"
                                          : fmt::format("are {}", fmt::join(names, ", "))));
  }
  if (!own) {
    return fail(names.empty() ? "there is no Region object: it says where the cluster is"
                              : fmt::format("which of the Regions {} is this one? Say --region",
                                            fmt::join(names, ", ")));
  }
  known_.snapshot.regions = known_.regions;
  reconcile::setRegion(known_.snapshot, own->meta.key.name, own);
  if (!known_.snapshot.region) return fail(known_.snapshot.regionProblem);
  return std::move(known_);
}

std::string_view changeName(Change change) {
  switch (change) {
    case Change::Created:
      return "new";
    case Change::Changed:
      return "changed";
    case Change::Unchanged:
      break;
  }
  return "unchanged";
}

KnownRegion overlay(const KnownRegion& region, const std::vector<manifest::Entry>& entries,
                    api::Time now, std::vector<Overlaid>& done) {
  auto known = region;
  auto& s = known.snapshot;
  for (const auto& entry : entries) {
    if (!entry.ours || !entry.sound) continue;
    if (entry.kind == "ModelDeployment") {
      done.push_back({&entry, apply(s.deployments, entry, api::decodeModelDeployment, now)});
    } else if (entry.kind == "ModelPassport") {
      done.push_back({&entry, apply(s.passports, entry, api::decodeModelPassport, now)});
    } else if (entry.kind == "SovereigntyPolicy") {
      done.push_back({&entry, apply(s.policies, entry, api::decodeSovereigntyPolicy, now)});
    } else if (entry.kind == "ExitOrder") {
      done.push_back({&entry, apply(s.exitOrders, entry, api::decodeExitOrder, now)});
    } else if (entry.kind == "Region") {
      done.push_back({&entry, apply(known.regions, entry, api::decodeRegion, now)});
      if (entry.key.name == region.name()) {
        reconcile::setRegion(s, region.name(), *find(known.regions, entry.key));
      }
    }
  }
  s.regions = known.regions;
  return known;
}

}  // namespace bailiwick::plugin
