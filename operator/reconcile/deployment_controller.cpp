#include "reconcile/deployment_controller.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/encode.hpp"
#include "api/hash.hpp"
#include "api/labels.hpp"

namespace bailiwick::reconcile {
namespace {

using kube::ApiError;
using nlohmann::json;
namespace names = api::names;

constexpr auto cacheLag = std::chrono::milliseconds(25);
// What others have to put right (a taken name, a quota, an admission policy) sends no event here.
constexpr auto askAgain = std::chrono::seconds(5);

std::map<std::string, const api::Workload*> workloadsOf(const Snapshot& snapshot,
                                                        const api::ModelDeployment& deployment) {
  std::map<std::string, const api::Workload*> result;
  for (const auto& workload : snapshot.workloads) {
    if (workload->meta.controllerUid != deployment.meta.uid || workload->meta.deleted) continue;
    auto [key, variant] = ownerOf(workload->meta);
    if (key == deployment.meta.key && !variant.empty()) result[variant] = workload.get();
  }
  return result;
}

const kube::Resource& resourceOf(const api::Workload& workload, const Caches& caches) {
  return caches.leaderWorkerSets.store().get(workload.meta.key)
             ? kube::resources::leaderWorkerSets
             : kube::resources::deployments;
}

std::string passportHashOf(const plan::DeploymentPlan& plan) {
  std::vector<const api::ModelPassport*> passports;
  for (const auto& v : plan.variants) {
    if (v.passport && std::find(passports.begin(), passports.end(), v.passport) == passports.end()) {
      passports.push_back(v.passport);
    }
  }
  return passports.empty() ? "" : api::passportHash(passports);
}

}  // namespace

struct DeploymentController::Work {
  std::shared_ptr<const Planned> planned;
  std::shared_ptr<const api::ModelDeployment> current;
  const plan::DeploymentPlan& plan;
  std::map<std::string, const api::Workload*> workloads;
  plan::Step step;
  std::vector<std::string> takenNames;
  std::vector<policy::Refusal> failures;
  std::optional<ApiError> error;  // the first that may pass by itself
  bool wrote = false;
  bool refused = false;  // the API server, or an object of somebody else, stands in the way
  std::stop_token stop;
};

DeploymentController::DeploymentController(Config config)
    : config_(std::move(config)),
      applier_(*config_.transport, *config_.caches, expectations_) {}

void DeploymentController::forget(const api::Key& key) {
  applier_.forget(key);
  expectations_.forget(key);
  const std::lock_guard lock(mutex_);
  unseen_.erase(key);
  notBefore_.erase(key);
}

render::Environment DeploymentController::environment(const api::Region& region) const {
  render::Environment environment;
  environment.region = &region;
  environment.catalog = config_.catalog;
  environment.sidecarImage = config_.sidecarImage;
  environment.apiServer = config_.caches->apiServerAddresses();
  for (const auto& runtimeClass : config_.caches->runtimeClasses.store().snapshot()) {
    environment.runtimeClasses.insert(runtimeClass->meta.key.name);
  }
  return environment;
}

kube::Outcome DeploymentController::reconcile(const api::Key& key, std::stop_token stop) {
  const auto current = config_.caches->deployments.store().get(key);
  if (!current || current->meta.deleted) {
    forget(key);
    return kube::Done{};
  }
  const auto planned = config_.planner->current();
  if (!planned) return kube::Done{};
  if (auto wait = readOwnWrites(key, *planned)) return *wait;
  if (!planned->snapshot.region) return reportNoRegion(*current, stop);
  const auto entry = planned->plan.deployments.find(key);
  if (entry == planned->plan.deployments.end() ||
      entry->second.deployment->meta.uid != current->meta.uid ||
      entry->second.deployment->meta.generation != current->meta.generation) {
    return kube::Done{};  // a newer plan is on its way and names this deployment again
  }
  Work work{planned, current, entry->second, workloadsOf(planned->snapshot, *current), {}, {}, {},
            {},      false,   false, stop};
  work.step = plan::nextStep(work.plan, work.workloads, config_.now());

  carryOut(work);
  if (work.step.wakeAt) config_.planner->pokeAt(key, *work.step.wakeAt);
  if (work.wrote) {
    const std::lock_guard lock(mutex_);
    unseen_.insert(key);
  }
  if (work.error) return kube::outcomeOf(*work.error);
  if (work.wrote) return kube::RequeueAfter{cacheLag};
  if (work.refused) return kube::RequeueAfter{askAgain};
  return kube::Done{};
}

void DeploymentController::carryOut(Work& work) {
  const auto ok = [&](const kube::ApiResult<void>& result) {
    if (!result) work.error = result.error();
    return result.has_value();
  };
  if (!ok(mark(work)) || !ok(restart(work))) return;
  applyObjects(work);
  scaleUnrendered(work);
  removeFinished(work);
  ok(writeStatus(work));
}

// A decision is made only on a plan that has seen the decisions before it.
std::optional<kube::Outcome> DeploymentController::readOwnWrites(const api::Key& key,
                                                                 const Planned& planned) {
  const std::lock_guard lock(mutex_);
  if (unseen_.contains(key)) {
    if (!expectations_.satisfied(key)) return kube::RequeueAfter{cacheLag};
    unseen_.erase(key);
    notBefore_[key] = std::chrono::steady_clock::now();
    config_.planner->poke(key);
    return kube::Done{};
  }
  const auto minimum = notBefore_.find(key);
  if (minimum == notBefore_.end()) return std::nullopt;
  if (planned.gathered < minimum->second) return kube::Done{};
  notBefore_.erase(minimum);
  return std::nullopt;
}

kube::ApiResult<void> DeploymentController::mark(Work& work) {
  for (const auto& mark : work.step.marks) {
    json annotations;
    annotations[names::deletionCost] = mark.remove ? json("-1000") : json();
    annotations[names::unlawfulSince] =
        mark.unlawfulSince ? json(api::formatTime(*mark.unlawfulSince)) : json();
    const json body = {{"metadata",
                        {{"uid", mark.pod->meta.uid}, {"annotations", std::move(annotations)}}}};
    const auto written = kube::write(
        *config_.transport,
        kube::mergePatch(kube::resources::pods, mark.pod->meta.key, body.dump()), work.stop);
    if (!written) {
      if (written.error().kind == ApiError::Kind::NotFound) continue;
      return tl::unexpected(written.error());
    }
    expectations_.wrote(work.current->meta.key, config_.caches->pods, written->resourceVersion);
    work.wrote = true;
    spdlog::info("replica marked pod={} remove={} unlawful={}", mark.pod->meta.key.str(),
                 mark.remove, mark.unlawfulSince.has_value());
  }
  return {};
}

kube::ApiResult<void> DeploymentController::restart(Work& work) {
  for (const auto& restart : work.step.restarts) {
    const auto& meta = restart.leader->meta;
    const auto preconditions = kube::Preconditions::of(meta);
    if (!preconditions) continue;
    const auto done = kube::write(
        *config_.transport,
        kube::deleteObject(kube::resources::pods, meta.key, *preconditions), work.stop);
    if (!done && done.error().kind != ApiError::Kind::NotFound) {
      return tl::unexpected(done.error());
    }
    expectations_.deleted(work.current->meta.key, config_.caches->pods, meta.key, meta.uid);
    work.wrote = true;
    spdlog::info("group restarted leader={}", meta.key.str());
  }
  return {};
}

void DeploymentController::failed(Work& work, const std::string& object,
                                  const Applier::Failure& failure) {
  if (const auto* taken = std::get_if<NameTaken>(&failure)) {
    work.refused = true;
    work.takenNames.push_back(taken->object);
    return;
  }
  const auto& error = std::get<ApiError>(failure);
  spdlog::warn("not applied object={} deployment={} error={}", object,
               work.current->meta.key.str(), error.message);
  if (error.retryable()) {
    if (!work.error) work.error = error;
    return;
  }
  work.refused = true;
  work.failures.push_back({"NotStarting", fmt::format("{}: {}", object, error.message)});
}

void DeploymentController::applyObjects(Work& work) {
  const auto environment = this->environment(*work.planned->snapshot.region);
  std::vector<render::VariantShare> shares;
  for (const auto& v : work.plan.variants) {
    const auto replicas = work.step.replicas.find(v.variant->name);
    if (replicas == work.step.replicas.end() || !v.requirement) continue;
    shares.push_back({v.variant, v.passport, *v.requirement, replicas->second});
  }
  if (shares.empty() || (work.plan.onHold && !work.workloads.empty())) return;
  const api::Key routesKey{work.current->meta.key.ns, work.current->meta.key.name + "-routes"};
  const auto routes = config_.caches->configMaps.store().get(routesKey);
  auto objects = render::sharedObjects(
      *work.current, shares, environment,
      routes ? render::routeState(routes->meta) : render::RouteState{});
  for (const auto& share : shares) {
    auto own = render::variantObjects(*work.current, share, environment);
    std::move(own.begin(), own.end(), std::back_inserter(objects));
  }
  for (const auto& object : objects) {
    const auto applied = applier_.ensure(*work.current, object, work.stop);
    if (!applied) {
      failed(work, fmt::format("{} {}", object.kind, object.key.name), applied.error());
    } else if (*applied == Applied::Written) {
      work.wrote = true;
      spdlog::info("applied object={}/{} namespace={}", object.kind, object.key.name,
                   object.key.ns);
    }
  }
}

// Workloads whose template cannot be made any more: the variant left the spec, or is refused.
void DeploymentController::scaleUnrendered(Work& work) {
  for (const auto& [variant, replicas] : work.step.replicas) {
    const auto* planned = work.plan.variant(variant);
    if (planned && planned->requirement && !work.plan.onHold) continue;
    const auto workload = work.workloads.find(variant);
    if (workload == work.workloads.end() || workload->second->replicas == replicas) continue;
    const auto& meta = workload->second->meta;
    const auto& resource = resourceOf(*workload->second, *config_.caches);
    const json body = {{"metadata", {{"resourceVersion", meta.resourceVersion}}},
                       {"spec", {{"replicas", replicas}}}};
    const auto written = kube::write(*config_.transport,
                                     kube::mergePatch(resource, meta.key, body.dump()), work.stop);
    if (!written) {
      failed(work, fmt::format("{} {}", resource.kind, meta.key.name), written.error());
      continue;
    }
    expectations_.wrote(work.current->meta.key, *config_.caches->of(resource),
                        written->resourceVersion);
    work.wrote = true;
    spdlog::info("scaled object={}/{} namespace={} replicas={}", resource.kind, meta.key.name,
                 meta.key.ns, replicas);
  }
}

void DeploymentController::removeFinished(Work& work) {
  for (const auto& variant : work.step.finished) {
    const api::Key key{work.current->meta.key.ns, work.current->meta.key.name + "-" + variant};
    for (const auto* resource : {&kube::resources::deployments, &kube::resources::leaderWorkerSets,
                                 &kube::resources::services, &kube::resources::configMaps}) {
      const auto removed = applier_.remove(*work.current, *resource, key, work.stop);
      if (!removed) failed(work, fmt::format("{} {}", resource->kind, key.name), removed.error());
    }
    work.wrote = true;
  }
}

kube::ApiResult<void> DeploymentController::patchStatus(const api::ModelDeployment& current,
                                                        const api::ModelDeploymentStatus& status,
                                                        std::stop_token stop) {
  const json body = {{"metadata", {{"resourceVersion", current.meta.resourceVersion}}},
                     {"status", api::toJson(status)}};
  const auto written = kube::write(
      *config_.transport,
      kube::statusPatch(kube::resources::modelDeployments, current.meta.key, body.dump()), stop);
  if (!written) return tl::unexpected(written.error());
  expectations_.wrote(current.meta.key, config_.caches->deployments, written->resourceVersion);
  return {};
}

kube::Outcome DeploymentController::reportNoRegion(const api::ModelDeployment& current,
                                                   std::stop_token stop) {
  const auto status = plan::withoutRegion(current, config_.region, config_.now());
  if (status == current.status) return kube::Done{};
  const auto written = patchStatus(current, status, stop);
  return written ? kube::Outcome(kube::Done{}) : kube::outcomeOf(written.error());
}

kube::ApiResult<void> DeploymentController::writeStatus(Work& work) {
  const auto& region = *work.planned->snapshot.region;
  for (const auto& [variant, workload] : work.workloads) {
    if (workload->failureReason.empty()) continue;
    work.failures.push_back({"NotStarting", fmt::format("variant {}: {}: {}", variant,
                                                        workload->failureReason,
                                                        workload->failureMessage)});
  }
  const auto status = plan::statusOf({*work.current, work.plan, work.step, region, config_.now(),
                                      api::specHash(work.current->spec),
                                      passportHashOf(work.plan), work.takenNames, work.failures,
                                      work.planned->plan.inventory, *config_.catalog});
  if (status == work.current->status) return {};
  if (auto written = patchStatus(*work.current, status, work.stop); !written) return written;
  work.wrote = true;
  for (const auto* type : {"Placed", "Compliant", "Ready"}) {
    const auto* before = api::findCondition(work.current->status.conditions, type);
    const auto* after = api::findCondition(status.conditions, type);
    if (!after || after->status == "Unknown") continue;
    if (before && before->status == after->status && before->reason == after->reason) continue;
    config_.events->record({"ModelDeployment", work.current->meta, after->status == "False" &&
                            after->reason != "Scaling", after->reason, type, after->message},
                           work.stop);
  }
  return {};
}

}  // namespace bailiwick::reconcile
