#include "render/engine.hpp"

#include <algorithm>

#include "render/container.hpp"
#include "render/env.hpp"
#include "render/placeholders.hpp"
#include "render/sidecar.hpp"
#include "render/sidecar_config.hpp"
#include "render/weights.hpp"

namespace bailiwick::render {
namespace {

using nlohmann::json;

// The LeaderWorkerSet's webhook sets these variables in every container, ahead of ours.
Placeholders placeholders(const api::ModelDeployment& deployment, const VariantShare& share) {
  return {{"model", weightsFolder},
          {"servedName", literal(engineModel(deployment, share))},
          {"host", "127.0.0.1"},
          {"port", std::to_string(share.requirement.engine->port)},
          {"devices", std::to_string(share.requirement.devicesPerNode)},
          {"nodes", std::to_string(share.requirement.nodes)},
          {"leaderAddress", "$(LWS_LEADER_ADDRESS)"},
          {"nodeRank", "$(LWS_WORKER_INDEX)"}};
}

std::vector<std::string> arguments(const VariantShare& share, Member member,
                                   const Placeholders& values) {
  const auto& requirement = share.requirement;
  std::vector<std::string> args;
  const auto add = [&](const std::vector<std::string>& more) {
    args.insert(args.end(), more.begin(), more.end());
  };
  add(substitute(requirement.engine->args, values));
  add(substitute(requirement.image->args, values));
  if (requirement.nodes > 1) add(substitute(requirement.engine->multiNodeArgs, values));
  if (member == Member::Worker) add(substitute(requirement.engine->multiNodeWorkerArgs, values));
  for (const std::string& arg : share.variant->engine.args) args.push_back(literal(arg));
  return args;
}

json environment(const api::ModelDeployment& deployment, const VariantShare& share,
                 const Placeholders& values) {
  const auto& requirement = share.requirement;
  Environ result;
  // Programs that keep caches under the home of a user without one would fail on a read-only root.
  if (requirement.engine->readOnlyRootFilesystem) result.set("HOME", "/tmp");
  result.add(requirement.engine->env, values);
  result.add(requirement.family->pod.env, values);
  result.add(requirement.image->env, values);
  result.addTenant(deployment.spec.pod.env, *requirement.engine);
  result.addTenant(share.variant->engine.env, *requirement.engine);
  return result.list();
}

// Kubernetes wants a limit equal to the request of everything that cannot be overcommitted.
bool cannotOvercommit(const std::string& resource) {
  return resource.find('/') != std::string::npos || resource.starts_with("hugepages-");
}

json resources(const api::PodSpec& pod, const plan::Requirement& requirement) {
  json requests = json::object(), limits = json::object();
  for (const auto& [name, quantity] : pod.requests) {
    requests[name] = quantity;
    if (cannotOvercommit(name)) limits[name] = quantity;
  }
  for (const auto& [name, quantity] : pod.limits) limits[name] = quantity;
  // Small, so that they never decide where an accelerator's pod fits; what a model needs of host
  // memory only its owner knows.
  if (!requests.contains("cpu") && !limits.contains("cpu")) requests["cpu"] = "1";
  if (!requests.contains("memory") && !limits.contains("memory")) requests["memory"] = "1Gi";
  requests[requirement.resource] = std::to_string(requirement.devicesPerNode);
  limits[requirement.resource] = requests[requirement.resource];
  return {{"requests", requests}, {"limits", limits}};
}

json securityContext(const catalog::Engine& engine, const catalog::PodSettings& pod) {
  json context = restrictedContext();
  context["readOnlyRootFilesystem"] = engine.readOnlyRootFilesystem;
  if (engine.runAsUser) {
    context["runAsUser"] = *engine.runAsUser;
    context["runAsGroup"] = *engine.runAsUser;
    context["runAsNonRoot"] = *engine.runAsUser != 0;
  }
  if (!pod.capabilities.empty()) context["capabilities"]["add"] = pod.capabilities;
  if (pod.unconfinedSeccomp) context["seccompProfile"]["type"] = "Unconfined";
  if (pod.privileged) context["privileged"] = true;
  const auto& added = pod.capabilities;
  // The API server refuses the contradiction.
  if (pod.privileged || std::find(added.begin(), added.end(), "SYS_ADMIN") != added.end())
    context["allowPrivilegeEscalation"] = true;
  return context;
}

void addVolumes(const catalog::Engine& engine, const catalog::PodSettings& pod, json& volumes,
                json& mounts) {
  std::vector<std::string> paths = engine.writablePaths;
  if (engine.readOnlyRootFilesystem && std::find(paths.begin(), paths.end(), "/tmp") == paths.end())
    paths.push_back("/tmp");
  const Scratch writable = scratch("writable", paths);
  for (const json& volume : writable.volumes) volumes.push_back(volume);
  for (const json& mount : writable.mounts) mounts.push_back(mount);
  if (pod.sharedMemory) {
    volumes.push_back({{"name", "shm"}, {"emptyDir", {{"medium", "Memory"}}}});
    mounts.push_back({{"name", "shm"}, {"mountPath", "/dev/shm"}});
  }
  for (std::size_t i = 0; i < pod.hostPaths.size(); ++i) {
    const catalog::HostPath& host = pod.hostPaths[i];
    const std::string name = "host-" + std::to_string(i);
    json source = {{"path", host.path}};
    if (!host.type.empty()) source["type"] = host.type;
    volumes.push_back({{"name", name}, {"hostPath", source}});
    mounts.push_back({{"name", name}, {"mountPath", host.path}, {"readOnly", host.readOnly}});
  }
}

// Through the sidecar: a kubelet cannot probe what listens on localhost (protocols 4). Liveness is
// slow, so that a restart of the sidecar never costs a loaded engine.
void addProbes(const api::ModelDeployment& deployment, json& container) {
  constexpr std::int64_t period = 10, least = 30;
  const std::int64_t deadline = seconds(deployment.spec.rollout.progressDeadline);
  const std::int64_t failures = std::max(least, (deadline + period - 1) / period);
  container["startupProbe"] = observeProbe(
      "/engine",
      {{"periodSeconds", period}, {"timeoutSeconds", 5}, {"failureThreshold", failures}});
  container["readinessProbe"] = observeProbe(
      "/engine", {{"periodSeconds", 5}, {"timeoutSeconds", 2}, {"failureThreshold", 2}});
  container["livenessProbe"] = observeProbe(
      "/engine", {{"periodSeconds", 10}, {"timeoutSeconds", 5}, {"failureThreshold", 12}});
  container["lifecycle"]["preStop"] = {{"httpGet", {{"path", "/drained"}, {"port", observePort}}}};
}

}  // namespace

EngineContainer engineContainer(const api::ModelDeployment& deployment, const VariantShare& share,
                                Member member, const json& weightsMount) {
  const plan::Requirement& requirement = share.requirement;
  const Placeholders values = placeholders(deployment, share);
  const std::string& ownImage = share.variant->engine.image;
  EngineContainer result{json::array(), json::object()};
  json mounts = json::array({weightsMount});
  addVolumes(*requirement.engine, requirement.family->pod, result.volumes, mounts);
  json& container = result.container;
  container = {{"name", "engine"},
               {"image", ownImage.empty() ? requirement.image->image : ownImage},
               {"env", environment(deployment, share, values)},
               {"resources", resources(deployment.spec.pod, requirement)},
               {"securityContext", securityContext(*requirement.engine, requirement.family->pod)},
               {"volumeMounts", mounts}};
  if (const auto args = arguments(share, member, values); !args.empty()) container["args"] = args;
  if (!requirement.engine->command.empty())
    container["command"] = substitute(requirement.engine->command, values);
  if (member != Member::Worker) addProbes(deployment, container);
  return result;
}

}  // namespace bailiwick::render
