#include <algorithm>

#include "api/labels.hpp"
#include "api/quantity.hpp"
#include "render/pod.hpp"
#include "render/sidecar_config.hpp"
#include "render/weights.hpp"

namespace bailiwick::render {
namespace {

using nlohmann::json;

// A group's worker StatefulSet is named `<mdep>-<variant>-<group>`, and Kubernetes puts that name
// and an 11 character hash into a label of at most 63: room for groups 0 to 999.
constexpr std::size_t longestGroupName = 48;

Object workloadObject(const char* apiVersion, const char* kind,
                      const api::ModelDeployment& deployment, const VariantShare& share,
                      const Environment& environment) {
  const auto& variant = *share.variant;
  Object object = ownedObject(apiVersion, kind, workloadName(deployment, variant.name), deployment,
                              variant.name, environment);
  object.body["metadata"]["annotations"] = {
      {api::names::capacity, api::formatThousandths(variant.capacity)}};
  return object;
}

Object deploymentObject(const api::ModelDeployment& deployment, const VariantShare& share,
                        const Environment& environment) {
  const std::string& variant = share.variant->name;
  Object object = workloadObject("apps/v1", "Deployment", deployment, share, environment);
  const api::RolloutSpec& rollout = deployment.spec.rollout;
  const json strategy = {
      {"type", "RollingUpdate"},
      {"rollingUpdate", {{"maxSurge", 1}, {"maxUnavailable", rollout.maxUnavailable}}}};
  const std::int64_t deadline = std::max<std::int64_t>(1, seconds(rollout.progressDeadline));
  object.body["spec"] = {{"replicas", share.replicas},
                         {"selector", {{"matchLabels", selector(deployment, variant)}}},
                         {"strategy", strategy},
                         {"progressDeadlineSeconds", deadline},
                         {"template", podTemplate(deployment, share, Member::Single, environment)}};
  return object;
}

// The set's own headless Service would take its name, which is our Service's: hence one for each
// group, named after the group.
Object groupsObject(const api::ModelDeployment& deployment, const VariantShare& share,
                    const Environment& environment) {
  Object object = workloadObject("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", deployment,
                                 share, environment);
  const json rolling = {{"partition", 0},
                        {"maxSurge", 1},
                        {"maxUnavailable", deployment.spec.rollout.maxUnavailable}};
  const json group = {
      {"size", share.requirement.nodes},
      {"restartPolicy", "RecreateGroupOnPodRestart"},
      {"leaderTemplate", podTemplate(deployment, share, Member::Leader, environment)},
      {"workerTemplate", podTemplate(deployment, share, Member::Worker, environment)}};
  object.body["spec"] = {
      {"replicas", share.replicas},
      {"startupPolicy", "LeaderCreated"},
      {"networkConfig", {{"subdomainPolicy", "UniquePerReplica"}}},
      {"rolloutStrategy", {{"type", "RollingUpdate"}, {"rollingUpdateConfiguration", rolling}}},
      {"leaderWorkerTemplate", group}};
  return object;
}

}  // namespace

std::optional<policy::Refusal> unrenderable(const api::ModelDeployment& deployment,
                                            const api::Variant& variant,
                                            const api::ModelPassport& passport,
                                            const Environment& environment) {
  if (variant.external) return std::nullopt;
  const catalog::Engine* engine = environment.catalog->engine(variant.engine.name);
  if (auto refusal = weightsRefusal(variant, passport, environment)) return refusal;
  if (variant.accelerator.nodes <= 1) return std::nullopt;
  if (engine && !engine->multiNode)
    return policy::Refusal{"EngineUnsupported", "variant " + variant.name + ": engine " +
                                                    engine->name + " cannot span nodes"};
  const std::string name = workloadName(deployment, variant.name);
  if (name.size() > longestGroupName)
    return policy::Refusal{
        "InvalidSpec", "variant " + variant.name + ": with accelerator.nodes above 1 the name " +
                           name + " may have at most " + std::to_string(longestGroupName) +
                           " characters; give the variant a shorter name"};
  return std::nullopt;
}

std::vector<Object> variantObjects(const api::ModelDeployment& deployment,
                                   const VariantShare& share, const Environment& environment) {
  const std::string& variant = share.variant->name;
  const bool groups = share.requirement.nodes > 1;
  return {sidecarConfigMap(deployment, share, environment),
          service(workloadName(deployment, variant), deployment, variant, environment),
          groups ? groupsObject(deployment, share, environment)
                 : deploymentObject(deployment, share, environment)};
}

}  // namespace bailiwick::render
