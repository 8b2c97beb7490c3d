#include "reconcile/applier.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

#include "api/decode.hpp"
#include "api/labels.hpp"

namespace bailiwick::reconcile {
namespace {

namespace resources = kube::resources;

// What of an object changes when its content does: its generation where it has one, which its
// controller's status updates leave alone.
std::string versionOf(std::int64_t generation, const std::string& resourceVersion) {
  return generation > 0 ? fmt::format("g{}", generation) : resourceVersion;
}

// Of exactly the object and version that the decision was made of: by an old view nothing is scaled
// or taken over.
std::string bodyFor(const render::Object& object, const api::ObjectMeta& present) {
  auto body = object.body;
  body["metadata"]["uid"] = present.uid;
  body["metadata"]["resourceVersion"] = present.resourceVersion;
  return body.dump();
}

std::string nameOf(const render::Object& object) {
  return fmt::format("{} {}", object.kind, object.key.name);
}

}  // namespace

const kube::Resource& resourceOf(const render::Object& object) {
  static const std::array<const kube::Resource*, 9> known = {
      &resources::deployments,         &resources::leaderWorkerSets, &resources::services,
      &resources::configMaps,          &resources::networkPolicies,  &resources::serviceAccounts,
      &resources::podDisruptionBudgets, &resources::roles,           &resources::roleBindings};
  for (const auto* resource : known) {
    if (resource->kind == object.kind) return *resource;
  }
  throw std::logic_error("render made a kind that nothing applies: " + object.kind);
}

Applier::Applier(kube::Transport& transport, const Caches& caches,
                 kube::Expectations& expectations)
    : transport_(transport), caches_(caches), expectations_(expectations) {}

tl::expected<std::optional<api::ObjectMeta>, Applier::Failure> Applier::existing(
    const api::ModelDeployment& owner, const kube::Resource& resource,
    const render::Object& object, std::stop_token stop) {
  auto found = caches_.meta(resource, object.key);
  if (!found) {
    auto stored = kube::read<api::GenericObject>(transport_, kube::get(resource, object.key), stop,
                                                 api::decodeGenericObject);
    if (!stored && stored.error().kind == kube::ApiError::Kind::NotFound) return std::nullopt;
    if (!stored) return tl::unexpected(Failure(stored.error()));
    found = std::move(stored->meta);
  }
  if (found->controllerUid == owner.meta.uid &&
      found->labels.has(api::names::managedByLabel, api::names::managedBy)) {
    return found;
  }
  return tl::unexpected(Failure(NameTaken{nameOf(object)}));
}

tl::expected<Applied, Applier::Failure> Applier::ensure(const api::ModelDeployment& owner,
                                                        const render::Object& object,
                                                        std::stop_token stop) {
  const auto& resource = resourceOf(object);
  auto body = object.body.dump();
  const auto hash = std::hash<std::string>{}(body);
  const auto id = nameOf(object);
  Memory before;
  {
    const std::lock_guard lock(mutex_);
    before = memory_[owner.meta.key][id];
  }
  const auto cached = caches_.meta(resource, object.key);
  if (cached && before.body == hash && cached->controllerUid == owner.meta.uid &&
      before.version == versionOf(cached->generation, cached->resourceVersion)) {
    return Applied::Unchanged;
  }
  const auto present = existing(owner, resource, object, stop);
  if (!present) return tl::unexpected(present.error());
  const auto written = kube::write(
      transport_,
      kube::apply(resource, object.key, *present ? bodyFor(object, **present) : std::move(body),
                  kube::Force::Yes),
      stop);
  if (!written) return tl::unexpected(Failure(written.error()));
  if (const auto* cache = caches_.of(resource)) {
    expectations_.wrote(owner.meta.key, *cache, written->resourceVersion);
  }
  const std::lock_guard lock(mutex_);
  memory_[owner.meta.key][id] = {hash, versionOf(written->generation, written->resourceVersion)};
  const bool asItWas = cached && cached->resourceVersion == written->resourceVersion;
  return asItWas ? Applied::Unchanged : Applied::Written;
}

kube::ApiResult<void> Applier::remove(const api::ModelDeployment& owner,
                                      const kube::Resource& resource, const api::Key& key,
                                      std::stop_token stop) {
  const auto cached = caches_.meta(resource, key);
  if (!cached || cached->deleted || cached->controllerUid != owner.meta.uid) return {};
  const auto preconditions = kube::Preconditions::of(*cached);
  if (!preconditions) return {};
  const auto done =
      kube::write(transport_, kube::deleteObject(resource, key, *preconditions), stop);
  if (!done && done.error().kind != kube::ApiError::Kind::NotFound) {
    return tl::unexpected(done.error());
  }
  expectations_.deleted(owner.meta.key, *caches_.of(resource), key, cached->uid);
  const std::lock_guard lock(mutex_);
  memory_[owner.meta.key].erase(fmt::format("{} {}", resource.kind, key.name));
  return {};
}

void Applier::forget(const api::Key& owner) {
  const std::lock_guard lock(mutex_);
  memory_.erase(owner);
}

}  // namespace bailiwick::reconcile
