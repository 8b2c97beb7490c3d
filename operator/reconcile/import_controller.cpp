#include "reconcile/import_controller.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/decode.hpp"
#include "api/detach.hpp"
#include "api/labels.hpp"
#include "log/log.hpp"
#include "plan/conditions.hpp"
#include "plan/legality.hpp"
#include "plan/passport.hpp"
#include "reconcile/import_copy.hpp"

namespace bailiwick::reconcile {
namespace {

using nlohmann::json;
using Act = fleet::ImportDecision::Act;
namespace resources = kube::resources;
namespace names = api::names;

constexpr std::size_t mostRefusals = 100, maxMessage = 1024;  // as the CRD bounds them
// What a peer changed between the look and the read.
constexpr std::chrono::milliseconds changedMeanwhile{500};

bool has(const std::vector<std::string>& finalizers, std::string_view one) {
  return std::find(finalizers.begin(), finalizers.end(), one) != finalizers.end();
}

json versioned(const api::ObjectMeta& meta) {
  return {{"metadata", {{"resourceVersion", meta.resourceVersion}}}};
}

// Of what is gone meanwhile nothing is left to change.
kube::ApiResult<void> merge(kube::Transport& transport, const api::Key& key, const std::string& body,
                            std::stop_token stop) {
  const auto written =
      kube::write(transport, kube::mergePatch(resources::modelDeployments, key, body), stop);
  if (written || written.error().kind == kube::ApiError::Kind::NotFound) return {};
  return tl::unexpected(written.error());
}

kube::ApiResult<void> patch(kube::Transport& transport, const api::ObjectMeta& meta, json changes,
                            std::stop_token stop) {
  auto body = versioned(meta);
  body["metadata"].update(changes);
  return merge(transport, meta.key, body.dump(), std::move(stop));
}

json tombstonesJson(const std::vector<api::Tombstone>& tombstones) {
  auto list = json::array();
  for (const auto& tombstone : tombstones) {
    list.push_back({{"kind", tombstone.kind},
                    {"namespace", tombstone.ns},
                    {"name", tombstone.name},
                    {"uid", tombstone.uid},
                    {"at", api::formatTime(tombstone.at)}});
  }
  return list;
}

}  // namespace

void ImportController::watch(const std::function<void(const api::Key&)>& changed) {
  using Ptr = std::shared_ptr<const api::ModelDeployment>;
  const auto tell = [changed](const Ptr& deployment) { changed(deployment->meta.key); };
  config_.caches->deployments.addHandler(
      {tell,
       [tell](const Ptr& before, const Ptr& after) {
         auto x = *before, y = *after;  // a status says nothing of whose it is
         x.status = y.status;
         x.meta.resourceVersion = y.meta.resourceVersion;
         if (!(x == y)) tell(after);
       },
       tell});
  using Namespace = std::shared_ptr<const api::GenericObject>;
  const auto inside = [this, changed](const Namespace& ns) {
    all([&](const api::Key& key) {
      if (key.ns == ns->meta.key.name) changed(key);
    });
  };
  config_.caches->namespaces.addHandler({inside,
                                         [inside](const Namespace& before, const Namespace& after) {
                                           if (before->meta.labels != after->meta.labels) inside(after);
                                         },
                                         inside});
  using Policy = std::shared_ptr<const api::SovereigntyPolicy>;
  const auto every = [this, changed](const Policy&) { all(changed); };
  config_.caches->policies.addHandler({every,
                                       [every](const Policy& before, const Policy& after) {
                                         if (before->meta.generation != after->meta.generation) {
                                           every(after);
                                         }
                                       },
                                       every});
}

void ImportController::all(const std::function<void(const api::Key&)>& changed) const {
  if (!config_.peers->any()) return;
  for (const auto& key : config_.peers->deploymentNames()) changed(key);
  for (const auto& own : config_.caches->deployments.store().snapshot()) changed(own->meta.key);
}

kube::Outcome ImportController::reconcile(const api::Key& key, std::stop_token stop) {
  const auto own = config_.caches->deployments.store().get(key);
  const bool going = own && own->meta.deleted && has(own->meta.finalizers, names::originFinalizer);
  if (!config_.peers->any() && !going) return kube::Done{};
  const auto world = worldOf(key);
  if (own && !fleet::isCopy(*own)) {
    const auto kept = keepOriginal(*own, world.origins, stop);
    if (!kept) return kube::outcomeOf(kept.error());
  }
  const auto decision = fleet::decideImport(key, world);
  noteRefusal(key, decision);
  const auto done = carryOut(key, decision, own.get(), stop);
  if (done) return kube::Done{};
  if (done.error().kind == kube::ApiError::Kind::Conflict) {
    return kube::RequeueAfter{changedMeanwhile};
  }
  return kube::outcomeOf(done.error());
}

fleet::ImportWorld ImportController::worldOf(const api::Key& key) const {
  fleet::ImportWorld world;
  world.region = config_.region;
  world.systemNamespace = config_.ns;
  world.makesNamespaces = config_.makesNamespaces;
  const auto ns = config_.caches->namespaces.store().get(api::Key{"", key.ns});
  world.ns.exists = ns && !ns->meta.deleted;
  world.ns.denied = ns && ns->meta.labels.has(names::importLabel, "denied");
  world.own = config_.caches->deployments.store().get(key);
  world.origins = config_.peers->origins(key);
  const auto region = config_.caches->regions.store().get(api::Key{"", config_.region});
  if (region) world.ownTombstones = region->status.tombstones;
  world.refuses = [this](const api::ModelDeployment& copy) { return refuses(copy); };
  return world;
}

// The same law that would place it. Of a passport that is missing here it says nothing, since that
// may come.
std::optional<fleet::ImportRefusal> ImportController::refuses(
    const api::ModelDeployment& copy) const {
  const auto region = config_.caches->regions.store().get(api::Key{"", config_.region});
  if (!region || !region->decodeError.empty()) {
    return fleet::ImportRefusal{"InvalidSpec", "this cluster's own Region object cannot be used"};
  }
  const auto against =
      policy::checkDeployment(copy, *region, *config_.catalog, config_.settings);
  if (against) return fleet::ImportRefusal{against->reason, against->message};
  const auto policies = config_.caches->policies.store().snapshot();
  std::vector<const api::SovereigntyPolicy*> rules;
  for (const auto& one : policies) rules.push_back(one.get());
  const policy::Law law(std::move(rules), *config_.catalog);
  const auto passports = config_.caches->passports.store().snapshot();
  policy::Passports byName;
  for (const auto& passport : passports) byName.emplace(passport->meta.key.name, passport.get());
  const auto regions = config_.caches->regions.store().snapshot();
  policy::Regions places;
  for (const auto& one : regions) places.emplace(one->meta.key.name, one.get());
  std::optional<fleet::ImportRefusal> first;
  for (const auto& variant : copy.spec.variants) {
    const auto legality = plan::legalityOf({law, copy, variant, byName, places, *region,
                                            *config_.catalog, config_.now()});
    if (!legality.denied) return std::nullopt;
    if (!first) first = fleet::ImportRefusal{legality.denied->reason, legality.denied->message};
  }
  return first;
}

// While there are peers that may hold copies, an original is not let go before its end is told.
kube::ApiResult<void> ImportController::keepOriginal(
    const api::ModelDeployment& own, const std::vector<fleet::OriginView>& origins,
    std::stop_token stop) {
  const bool held = has(own.meta.finalizers, names::originFinalizer);
  if (own.meta.deleted) return held ? bury(own, origins, stop) : kube::ApiResult<void>{};
  if (held) return {};
  auto finalizers = own.meta.finalizers;
  finalizers.emplace_back(names::originFinalizer);
  return patch(*config_.transport, own.meta, {{"finalizers", finalizers}}, stop);
}

kube::ApiResult<void> ImportController::bury(const api::ModelDeployment& own,
                                             const std::vector<fleet::OriginView>& origins,
                                             std::stop_token stop) {
  const auto region = config_.caches->regions.store().get(api::Key{"", config_.region});
  if (region) {
    const auto& known = region->status.tombstones;
    const auto now = config_.now();
    const auto told = fleet::withTombstones(known, fleet::tombstonesFor(own, origins, now),
                                            config_.peers->deploymentUids(), now);
    if (told != known) {
      auto body = versioned(region->meta);
      body["status"] = {{"tombstones", tombstonesJson(told)}};
      const auto written = kube::write(
          *config_.transport,
          kube::statusPatch(resources::regions, region->meta.key, body.dump()), stop);
      if (!written) return tl::unexpected(written.error());
    }
  }
  auto finalizers = own.meta.finalizers;
  std::erase(finalizers, names::originFinalizer);
  return patch(*config_.transport, own.meta, {{"finalizers", finalizers}}, stop);
}

kube::ApiResult<void> ImportController::carryOut(const api::Key& key,
                                                 const fleet::ImportDecision& decision,
                                                 const api::ModelDeployment* own,
                                                 std::stop_token stop) {
  if (decision.act != Act::None && decision.act != Act::Refuse) {
    log::info("import", {{"object", key.str()},
                         {"origin", decision.origin},
                         {"act", static_cast<int>(decision.act)},
                         {"message", decision.message}});
  }
  switch (decision.act) {
    case Act::None:
    case Act::Refuse:
      return {};
    case Act::Create:
    case Act::Update:
      return copy(key, decision, own, stop);
    case Act::Detach:
      return detach(own->meta, stop);
    case Act::MarkLost:
      return patch(*config_.transport, own->meta,
                   {{"annotations", {{names::originLost, decision.message}}}}, stop);
    case Act::MarkFound:
      return patch(*config_.transport, own->meta,
                   {{"annotations", {{names::originLost, nullptr}}}}, stop);
    case Act::Delete:
      break;
  }
  const auto exactly = kube::Preconditions::of(own->meta);
  if (!exactly) return {};
  const auto gone = kube::write(
      *config_.transport, kube::deleteObject(resources::modelDeployments, key, *exactly), stop);
  if (gone || gone.error().kind == kube::ApiError::Kind::NotFound) return {};
  return tl::unexpected(gone.error());
}

kube::ApiResult<void> ImportController::detach(const api::ObjectMeta& meta, std::stop_token stop) {
  const auto whole =
      kube::perform(*config_.transport, kube::get(resources::modelDeployments, meta.key), stop);
  if (!whole) return tl::unexpected(whole.error());
  const auto body = api::detachment(whole->body, meta);
  if (!body) return {};
  return merge(*config_.transport, meta.key, *body, std::move(stop));
}

// Our cache may not show yet what was buried here a moment ago.
kube::ApiResult<bool> ImportController::isBuried(const std::string& uid, std::stop_token stop) {
  const auto region =
      kube::read<api::Region>(*config_.transport, kube::get(resources::regions, {"", config_.region}),
                              std::move(stop), api::decodeRegion);
  if (!region) return tl::unexpected(region.error());
  const auto& known = region->status.tombstones;
  return std::any_of(known.begin(), known.end(),
                     [&](const auto& tombstone) { return tombstone.uid == uid; });
}

kube::ApiResult<void> ImportController::copy(const api::Key& key,
                                             const fleet::ImportDecision& decision,
                                             const api::ModelDeployment* own,
                                             std::stop_token stop) {
  const auto answer = config_.peers->readOriginal(decision.origin, key, stop);
  if (!answer) return tl::unexpected(answer.error());
  const auto body = copyOf(*answer, decision, own);
  if (!body) {
    kube::ApiError error;
    error.kind = kube::ApiError::Kind::Conflict;
    error.message = body.error().message;
    return tl::unexpected(error);
  }
  if (!own) {
    const auto buried = isBuried(decision.original->meta.uid, stop);
    if (!buried) return tl::unexpected(buried.error());
    if (*buried) {
      kube::ApiError error;
      error.kind = kube::ApiError::Kind::Conflict;
      error.message = "it was deleted here";
      return tl::unexpected(error);
    }
  }
  if (decision.makesNamespace) {
    const auto made = makeNamespace(key.ns, stop);
    if (!made) return made;
  }
  // A copy is ours by contract, and this version of it was looked at. A new one takes nothing that
  // somebody else wrote meanwhile.
  const auto written = kube::write(*config_.transport,
                                   kube::apply(resources::modelDeployments, key, *body,
                                               own ? kube::Force::Yes : kube::Force::No),
                                   stop);
  if (!written) return tl::unexpected(written.error());
  return {};
}

kube::ApiResult<void> ImportController::makeNamespace(const std::string& name,
                                                      std::stop_token stop) {
  const json body = {{"apiVersion", "v1"},
                     {"kind", "Namespace"},
                     {"metadata", {{"name", name}}}};
  const auto made =
      kube::write(*config_.transport, kube::create(resources::namespaces, "", body.dump()), stop);
  if (made || made.error().kind == kube::ApiError::Kind::AlreadyExists) return {};
  return tl::unexpected(made.error());
}

void ImportController::noteRefusal(const api::Key& key, const fleet::ImportDecision& decision) {
  std::optional<api::RefusedImport> refusal;
  if (decision.act == Act::Refuse && !decision.origin.empty()) {
    refusal = api::RefusedImport{decision.origin, key.ns, key.name, decision.reason,
                                 plan::shortened(decision.message, maxMessage)};
  }
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    const auto before = refusals_.find(key);
    if (refusal) {
      changed = before == refusals_.end() || !(before->second == *refusal);
      refusals_.insert_or_assign(key, *refusal);
    } else if (before != refusals_.end()) {
      refusals_.erase(before);
      changed = true;
    }
  }
  if (changed && config_.refusalsChanged) config_.refusalsChanged();
}

std::vector<api::RefusedImport> ImportController::refusals() const {
  const std::lock_guard lock(mutex_);
  std::vector<api::RefusedImport> first;
  for (const auto& [key, refusal] : refusals_) {
    if (first.size() == mostRefusals) break;
    first.push_back(refusal);
  }
  return first;
}

}  // namespace bailiwick::reconcile
