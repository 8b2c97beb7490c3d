#include "render/pod.hpp"

#include "api/hash.hpp"
#include "api/labels.hpp"
#include "api/running.hpp"
#include "render/sidecar.hpp"
#include "render/sidecar_config.hpp"
#include "render/weights.hpp"

namespace bailiwick::render {
namespace {

using nlohmann::json;
using plan::Operator;

const char* operatorName(Operator op) {
  switch (op) {
    case Operator::In:
      return "In";
    case Operator::NotIn:
      return "NotIn";
    case Operator::Exists:
      return "Exists";
    case Operator::DoesNotExist:
      return "DoesNotExist";
    case Operator::Gt:
      return "Gt";
  }
  return "";
}

json matchExpression(const plan::Expression& expression) {
  json result = {{"key", expression.key}, {"operator", operatorName(expression.op)}};
  if (!expression.values.empty()) result["values"] = expression.values;
  return result;
}

void append(json& list, const json& more) {
  for (const json& element : more) list.push_back(element);
}

void merge(json& map, const json& stronger) {
  for (const auto& [key, value] : stronger.items()) map[key] = value;
}

json tolerations(const catalog::ResourceFamily& family) {
  json result = json::array();
  for (const std::string& key : family.tolerations)
    result.push_back({{"key", key}, {"operator", "Exists"}, {"effect", "NoSchedule"}});
  return result;
}

// A tenant's keys first: neither the catalogue's nor ours can be overwritten.
json podMetadata(const api::ModelDeployment& deployment, const VariantShare& share, Member member,
                 const Environment& environment) {
  const catalog::PodSettings& pod = share.requirement.family->pod;
  json keys = json::object(), notes = json::object();
  for (const auto& [key, value] : deployment.spec.pod.labels) keys[key] = value;
  for (const auto& [key, value] : deployment.spec.pod.annotations) notes[key] = value;
  merge(keys, pod.labels);
  merge(notes, pod.annotations);
  merge(keys, labels(deployment, share.variant->name, environment));
  notes[api::names::ownerUid] = deployment.meta.uid;
  notes[api::names::runs] = api::describeRunning(*share.variant);
  if (member != Member::Worker) {
    keys[servingLabel] = "true";
    const std::string config = sidecarConfig(deployment, share, environment);
    notes[configHashAnnotation] = api::sha256Hex(config).substr(0, 40);
  } else {
    keys.erase(servingLabel);
  }
  json metadata = {{"labels", keys}, {"annotations", notes}};
  // What the sidecar reports at its end is recorded before the pod is let go.
  if (member != Member::Worker) metadata["finalizers"] = {api::names::drainReportFinalizer};
  return metadata;
}

constexpr std::int64_t reserve = 30;  // seconds to end, beyond draining

json podSpec(const api::ModelDeployment& deployment, const VariantShare& share, Member member,
             const Environment& environment) {
  const plan::Requirement& requirement = share.requirement;
  const catalog::PodSettings& settings = requirement.family->pod;
  const Weights model = weights(deployment, share, environment);
  const EngineContainer engine = engineContainer(deployment, share, member, model.mount);

  // Weights first, then the sidecar: while they download there is nothing to route to or to drain,
  // a failing download or check shows as itself, and deleting such a pod does not wait for the lame
  // duck. The engine waits for all of them.
  json initContainers = model.initContainers, volumes = model.volumes;
  append(volumes, engine.volumes);
  if (member != Member::Worker) {
    const Sidecar beside = sidecar(deployment, share, environment);
    initContainers.push_back(beside.container);
    append(volumes, beside.volumes);
  }

  const auto affinity = plan::both(requirement.law, requirement.hardware);
  json spec = {{"affinity",
                {{"nodeAffinity",
                  {{"requiredDuringSchedulingIgnoredDuringExecution", nodeSelector(affinity)}}}}},
               {"automountServiceAccountToken", false},
               {"serviceAccountName", serviceAccountName(deployment)},
               {"enableServiceLinks", false},
               // A worker goes after its leader has drained: it has nothing of its own to finish.
               {"terminationGracePeriodSeconds",
                member == Member::Worker ? reserve : gracePeriod(deployment)},
               {"securityContext", podSecurityContext()},
               {"containers", json::array({engine.container})},
               {"volumes", volumes}};
  if (!initContainers.empty()) spec["initContainers"] = initContainers;
  if (!requirement.family->tolerations.empty())
    spec["tolerations"] = tolerations(*requirement.family);
  if (settings.hostIPC) spec["hostIPC"] = true;
  if (!settings.schedulerName.empty()) spec["schedulerName"] = settings.schedulerName;
  if (environment.runtimeClasses.contains(settings.runtimeClass))
    spec["runtimeClassName"] = settings.runtimeClass;
  for (const std::string& secret : deployment.spec.pod.imagePullSecrets)
    spec["imagePullSecrets"].push_back({{"name", secret}});
  return spec;
}

}  // namespace

json podSecurityContext() {
  return {{"runAsNonRoot", true},
          {"seccompProfile", {{"type", "RuntimeDefault"}}},
          {"fsGroup", restrictedUser},
          {"fsGroupChangePolicy", "OnRootMismatch"}};
}

std::int64_t gracePeriod(const api::ModelDeployment& deployment) {
  return seconds(lameDuck + deployment.spec.exit.drainTimeout) + reserve;
}

json nodeSelector(const plan::NodeSelector& selector) {
  json terms = json::array();
  for (const plan::Term& term : selector.any) {
    json expressions = json::array();
    for (const plan::Expression& expression : term.all)
      expressions.push_back(matchExpression(expression));
    if (!expressions.empty()) terms.push_back({{"matchExpressions", expressions}});
  }
  if (terms.empty()) {
    const char* key = api::names::jurisdictionLabel;
    terms.push_back({{"matchExpressions",
                      {matchExpression({key, Operator::Exists, {}}),
                       matchExpression({key, Operator::DoesNotExist, {}})}}});
  }
  return {{"nodeSelectorTerms", terms}};
}

json podTemplate(const api::ModelDeployment& deployment, const VariantShare& share, Member member,
                 const Environment& environment) {
  return {{"metadata", podMetadata(deployment, share, member, environment)},
          {"spec", podSpec(deployment, share, member, environment)}};
}

}  // namespace bailiwick::render
