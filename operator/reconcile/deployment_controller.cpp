#include "reconcile/deployment_controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/encode.hpp"
#include "api/hash.hpp"
#include "api/labels.hpp"
#include "log/log.hpp"
#include "plan/requirement.hpp"
#include "reconcile/serving_peers.hpp"
#include "render/routes.hpp"

namespace bailiwick::reconcile {
namespace {

using kube::ApiError;
using nlohmann::json;
namespace names = api::names;

constexpr auto cacheLag = std::chrono::milliseconds(25);

std::map<std::string, const api::Workload*> workloadsOf(const Snapshot& snapshot,
                                                        const api::ModelDeployment& deployment) {
  std::map<std::string, const api::Workload*> result;
  for (const auto& workload : snapshot.workloads) {
    if (workload->meta.controllerUid != deployment.meta.uid || workload->meta.deleted) continue;
    auto [key, variant] = ownerOf(workload->meta);
    if (key != deployment.meta.key || variant.empty()) continue;
    result[plan::runnerName(variant, workload->groups, deployment)] = workload.get();
  }
  return result;
}

const kube::Resource& resourceOf(const api::Workload& workload) {
  return workload.groups ? kube::resources::leaderWorkerSets : kube::resources::deployments;
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

api::Key gatewayOf(const api::ModelDeployment& deployment) {
  return {deployment.meta.key.ns, deployment.meta.key.name + "-gateway"};
}

// Of another nobody knows what the law is.
bool isUnderstood(const plan::DeploymentPlan& plan) {
  return !plan.refusal || plan.refusal->reason != "InvalidSpec";
}

bool anyReady(const plan::Step& step) {
  return std::any_of(step.ready.begin(), step.ready.end(),
                     [](const auto& of) { return of.second > 0; });
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
  std::string refused;  // the first that only others can put right: a quota, a taken name
  bool wrote = false;
  std::stop_token stop;

  // Empty where it may pass by itself, else what was refused.
  std::string failed(const char* reason, const std::string& object,
                     const Applier::Failure& failure);
};

std::string DeploymentController::Work::failed(const char* reason, const std::string& object,
                                               const Applier::Failure& failure) {
  std::string why;
  if (const auto* taken = std::get_if<NameTaken>(&failure)) {
    takenNames.push_back(taken->object);
    why = taken->object + " belongs to somebody else";
  } else {
    const auto& problem = std::get<ApiError>(failure);
    if (stop.stop_requested()) return "";
    log::warn("not written", {{"object", object},
                              {"deployment", current->meta.key.str()},
                              {"error", problem.message}});
    if (problem.retryable()) {
      if (!error) error = problem;
      return "";
    }
    why = fmt::format("{}: {}", object, problem.message);
    failures.push_back({reason, why});
  }
  if (refused.empty()) refused = why;
  return why;
}

DeploymentController::DeploymentController(Config config)
    : config_(std::move(config)),
      ownWrites_([planner = config_.planner](const api::Key& key) { planner->poke(key); }),
      applier_(*config_.transport, *config_.caches, ownWrites_.expectations()) {}

void DeploymentController::forget(const api::Key& key) {
  if (config_.gatewayTables) config_.gatewayTables->forget(key);
  applier_.forget(key);
  ownWrites_.forget(key);
}

render::Environment DeploymentController::environment(const api::Region& region) const {
  render::Environment environment;
  environment.region = &region;
  environment.catalog = config_.catalog;
  environment.sidecarImage = config_.sidecarImage;
  environment.gateway = config_.gateway;
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
  if (auto wait = ownWrites_.wait(key, planned->gathered)) return *wait;
  if (!planned->snapshot.region) {
    return reportNoRegion(*current, planned->snapshot.regionProblem, stop);
  }
  const auto entry = planned->plan.deployments.find(key);
  if (entry == planned->plan.deployments.end() ||
      entry->second.deployment->meta.uid != current->meta.uid ||
      entry->second.deployment->meta.generation != current->meta.generation) {
    return kube::Done{};  // a newer plan is on its way and names this deployment again
  }
  Work work{planned, current, entry->second, workloadsOf(planned->snapshot, *current), {}, {}, {},
            {},      {},      false, stop};
  work.step = plan::nextStep(work.plan, work.workloads, config_.now());

  carryOut(work);
  if (work.step.wakeAt) config_.planner->pokeAt(key, *work.step.wakeAt);
  if (work.wrote) ownWrites_.wrote(key);
  if (work.error) return kube::outcomeOf(*work.error);
  if (work.wrote) return kube::RequeueAfter{cacheLag};
  if (!work.refused.empty()) return kube::Terminal{Error{work.refused}};
  return kube::Done{};
}

// One failure stops nothing else, least of all the status that tells of it.
void DeploymentController::carryOut(Work& work) {
  mark(work);
  restart(work);
  applyObjects(work);
  scaleUnrendered(work);
  removeFinished(work);
  const auto told = writeStatus(work);
  if (!told && !work.error) work.error = told.error();
  if (told && !work.wrote) askPeers(work);
}

// The smaller promise is told: whether others serve what is to be given up is asked of them now.
void DeploymentController::askPeers(const Work& work) {
  if (!work.plan.fleet || !work.plan.fleet->decision.inquiry) return;
  const auto& inquiry = *work.plan.fleet->decision.inquiry;
  Planner::PeerAnswer answer{inquiry.ticket, work.current->spec, {}};
  for (const auto& peer : inquiry.peers) {
    if (!config_.peers || work.stop.stop_requested()) break;
    auto read = config_.peers->readAfresh(peer, *work.current, work.stop);
    if (read) answer.read.emplace_back(peer, std::move(*read));
  }
  config_.planner->noteAnswer(*work.current, std::move(answer));
}

void DeploymentController::mark(Work& work) {
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
    const bool gone = !written && written.error().kind == ApiError::Kind::NotFound;
    config_.planner->noteMark(work.current->meta.key, mark.pod->meta.uid, written || gone);
    if (gone) continue;
    if (!written) {
      work.failed("Scaling", fmt::format("Pod {}", mark.pod->meta.key.name), written.error());
      continue;
    }
    ownWrites_.expectations().wrote(work.current->meta.key, config_.caches->pods,
                                    written->resourceVersion);
    work.wrote = true;
    log::info("replica marked", {{"pod", mark.pod->meta.key.str()},
                                 {"remove", mark.remove},
                                 {"unlawful", mark.unlawfulSince.has_value()}});
  }
}

void DeploymentController::restart(Work& work) {
  for (const auto& restart : work.step.restarts) {
    const auto& key = restart.pod->meta.key;
    // As it is now: what changed of it since the plan may be of no importance to the plan.
    const auto pod = config_.caches->pods.store().get(key);
    if (!pod || pod->meta.deleted || pod->meta.uid != restart.pod->meta.uid) continue;
    const auto preconditions = kube::Preconditions::of(pod->meta);
    if (!preconditions) continue;
    const auto done =
        kube::write(*config_.transport,
                    kube::deleteObject(kube::resources::pods, key, *preconditions), work.stop);
    if (!done && done.error().kind != ApiError::Kind::NotFound) {
      work.failed("Scaling", fmt::format("Pod {}", key.name), done.error());
      continue;
    }
    ownWrites_.expectations().deleted(work.current->meta.key, config_.caches->pods, key,
                                      pod->meta.uid);
    work.wrote = true;
    log::info("pod deleted, its controller makes another", {{"pod", key.str()}});
  }
}

// Empty unless the object is refused.
std::string DeploymentController::apply(Work& work, const render::Object& object) {
  const auto applied = applier_.ensure(*work.current, object, work.stop);
  if (!applied) {
    return work.failed("NotStarting", fmt::format("{} {}", object.kind, object.key.name),
                       applied.error());
  }
  if (*applied == Applied::Written) {
    work.wrote = true;
    log::info("applied", {{"object", object.kind + "/" + object.key.name},
                          {"namespace", object.key.ns}});
  }
  return "";
}

void DeploymentController::applyObjects(Work& work) {
  const auto environment = this->environment(*work.planned->snapshot.region);
  const render::Serving serving{work.step.serving, servingPeers(work.plan)};
  if (config_.gateway) {
    config_.gatewayTables->set(
        work.current->meta.key,
        render::gatewayTable(*work.current, serving, environment).text);
  }
  const bool withdrawn = isUnderstood(work.plan) && withdrawGateway(work, environment);
  const bool gateway =
      !withdrawn && render::needsGateway(*work.current, serving, environment);
  const auto& key = work.current->meta.key;
  const auto routes = config_.caches->configMaps.store().get({key.ns, key.name + "-routes"});
  const auto state = routes ? render::routeState(routes->meta) : render::RouteState{};
  const auto shared = render::sharedObjects(*work.current, serving, environment, state);
  const bool onHold = work.plan.onHold && !work.workloads.empty();
  if (onHold || (work.step.replicas.empty() && !gateway)) return refreshRoutes(work, shared);
  for (const auto& object : shared) apply(work, object);
  if (!withdrawn) applyGateway(work, gateway, environment);
  for (const auto& v : work.plan.variants) {
    const auto replicas = work.step.replicas.find(v.variant->name);
    if (replicas == work.step.replicas.end() || !v.requirement) continue;
    applyVariant(work, {v.variant, v.passport, *v.requirement, replicas->second}, environment);
  }
}

// Nothing is made, but what there is goes on telling where requests may go and by which authority: what
// read it serves on, be it paused or about to end.
void DeploymentController::refreshRoutes(Work& work, const std::vector<render::Object>& shared) {
  if (!isUnderstood(work.plan)) return;
  for (const auto& object : shared) {
    if (object.kind != "ConfigMap" && object.kind != "NetworkPolicy") continue;
    const auto there = config_.caches->meta(resourceOf(object), object.key);
    if (there && there->controllerUid == work.current->meta.uid) apply(work, object);
  }
}

// Requests pass through it: where the law lets them be no more it goes at once, whatever serves
// instead. Whether it was or is to be away.
bool DeploymentController::withdrawGateway(Work& work, const render::Environment& environment) {
  const bool mayPass =
      render::mayPass(*work.current, *environment.region, *environment.catalog);
  if (mayPass && !standsUnlawfully(work, environment)) return false;
  removeGateway(work);
  return true;
}

// A rolling update would leave a pod where it is until another one is Ready.
bool DeploymentController::standsUnlawfully(const Work& work,
                                            const render::Environment& environment) const {
  const auto workload =
      config_.caches->meta(kube::resources::deployments, gatewayOf(*work.current));
  if (!workload || workload->controllerUid != work.current->meta.uid) return false;
  const auto law = plan::lawfulNodes(work.current->spec.placement.dataResidency,
                                     *environment.region, *environment.catalog);
  const auto& pods = work.planned->snapshot.pods;
  return std::any_of(pods.begin(), pods.end(), [&](const auto& pod) {
    // What is older than the workload is of one that is gone already.
    if (pod->meta.deleted || pod->terminated || pod->meta.created < workload->created) return false;
    if (!pod->meta.labels.has(names::roleLabel, "gateway")) return false;
    if (ownerOf(pod->meta).first != work.current->meta.key) return false;
    const auto node = config_.caches->nodes.store().get(api::Key{"", pod->node});
    return node && !plan::matches(law, node->meta.labels);
  });
}

// It goes once a replica here is Ready, so that the Service answers all the time.
void DeploymentController::applyGateway(Work& work, bool needed,
                                        const render::Environment& environment) {
  if (needed) {
    for (const auto& object : render::gatewayObjects(*work.current, environment)) {
      apply(work, object);
    }
    return;
  }
  if (anyReady(work.step)) removeGateway(work);
}

void DeploymentController::removeGateway(Work& work) {
  const auto key = gatewayOf(*work.current);
  for (const auto* resource : {&kube::resources::deployments, &kube::resources::configMaps}) {
    const auto there = config_.caches->meta(*resource, key);
    if (!there || there->deleted || there->controllerUid != work.current->meta.uid) continue;
    const auto removed = applier_.remove(*work.current, *resource, key, work.stop);
    if (removed) {
      work.wrote = true;
    } else {
      work.failed("Scaling", fmt::format("{} {}", resource->kind, key.name), removed.error());
    }
  }
}

void DeploymentController::applyVariant(Work& work, const render::VariantShare& share,
                                        const render::Environment& environment) {
  std::string refusal;
  const auto before = std::exchange(work.error, std::nullopt);
  for (const auto& object : render::variantObjects(*work.current, share, environment)) {
    const auto why = apply(work, object);
    if (refusal.empty()) refusal = why;
  }
  // What may pass by itself neither begins a run of refusals nor ends one.
  if (!refusal.empty() || !work.error) {
    config_.planner->noteApply(*work.current, *share.variant, share.replicas, refusal);
  }
  if (before) work.error = before;
}

// Workloads whose template cannot be made any more: the variant left the spec, or is refused.
void DeploymentController::scaleUnrendered(Work& work) {
  for (const auto& [runner, replicas] : work.step.replicas) {
    const auto* planned = work.plan.variant(runner);
    if (planned && planned->requirement && !work.plan.onHold) continue;
    const auto workload = work.workloads.find(runner);
    if (workload == work.workloads.end() || workload->second->replicas == replicas) continue;
    const auto& meta = workload->second->meta;
    const auto& resource = resourceOf(*workload->second);
    const json body = {{"metadata", {{"resourceVersion", meta.resourceVersion}}},
                       {"spec", {{"replicas", replicas}}}};
    const auto written = kube::write(*config_.transport,
                                     kube::mergePatch(resource, meta.key, body.dump()), work.stop);
    if (!written) {
      work.failed("Scaling", fmt::format("{} {}", resource.kind, meta.key.name), written.error());
      continue;
    }
    ownWrites_.expectations().wrote(work.current->meta.key, *config_.caches->of(resource),
                                    written->resourceVersion);
    work.wrote = true;
    log::info("scaled", {{"object", resource.kind + "/" + meta.key.name},
                         {"namespace", meta.key.ns},
                         {"replicas", replicas}});
  }
}

void DeploymentController::removeFinished(Work& work) {
  for (const auto& runner : work.step.finished) {
    if (remove(work, runner)) work.wrote = true;
  }
}

// The workload last: while it is there, the variant is found again after a crash. What both kinds of
// workload share stays until neither is wanted.
bool DeploymentController::remove(Work& work, const std::string& runner) {
  const auto variant = plan::variantOf(runner);
  const api::Key key{work.current->meta.key.ns, work.current->meta.key.name + "-" + variant};
  const bool shared = std::any_of(
      work.step.replicas.begin(), work.step.replicas.end(),
      [&](const auto& other) { return plan::variantOf(other.first) == variant; });
  std::vector<const kube::Resource*> resources;
  if (!shared) resources = {&kube::resources::services, &kube::resources::configMaps};
  resources.push_back(&resourceOf(*work.workloads.at(runner)));
  for (const auto* resource : resources) {
    const auto removed = applier_.remove(*work.current, *resource, key, work.stop);
    if (removed) continue;
    work.failed("Scaling", fmt::format("{} {}", resource->kind, key.name), removed.error());
    return false;
  }
  return true;
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
  ownWrites_.expectations().wrote(current.meta.key, config_.caches->deployments,
                                  written->resourceVersion);
  return {};
}

kube::Outcome DeploymentController::reportNoRegion(const api::ModelDeployment& current,
                                                   const std::string& problem,
                                                   std::stop_token stop) {
  const auto status = plan::withoutRegion(current, problem, config_.now());
  if (status == current.status) return kube::Done{};
  const auto written = patchStatus(current, status, stop);
  return written ? kube::Outcome(kube::Done{}) : kube::outcomeOf(written.error());
}

kube::ApiResult<void> DeploymentController::writeStatus(Work& work) {
  const auto& region = *work.planned->snapshot.region;
  for (const auto& [runner, workload] : work.workloads) {
    if (workload->failureReason.empty()) continue;
    work.failures.push_back({"NotStarting", fmt::format("variant {}: {}: {}",
                                                        plan::variantOf(runner),
                                                        workload->failureReason,
                                                        workload->failureMessage)});
  }
  const auto told = plan::statusOf({*work.current, work.plan, work.step, region, config_.now(),
                                      api::specHash(work.current->spec),
                                      passportHashOf(work.plan), work.takenNames, work.failures,
                                      work.planned->plan.inventory, work.planned->plan.pools,
                                      work.wrote || work.error});
  const auto& status = told.status;
  if (told.moreAt) config_.planner->pokeAt(work.current->meta.key, *told.moreAt);
  if (status == work.current->status) return {};
  if (auto written = patchStatus(*work.current, status, work.stop); !written) return written;
  work.wrote = true;
  for (const auto* type : {"Placed", "Compliant", "Ready"}) {
    const auto* before = api::findCondition(work.current->status.conditions, type);
    const auto* after = api::findCondition(status.conditions, type);
    if (!after || after->status == "Unknown") continue;
    if (before && before->status == after->status && before->reason == after->reason) continue;
    config_.events->record({"ModelDeployment", work.current->meta, after->status == "False" &&
                            after->reason != "Scaling", after->reason, type, after->message});
  }
  return {};
}

}  // namespace bailiwick::reconcile
