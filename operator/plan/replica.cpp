#include "plan/replica.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "api/labels.hpp"
#include "api/quantity.hpp"
#include "plan/verdict.hpp"

namespace bailiwick::plan {
namespace {

constexpr char groupIndexLabel[] = "leaderworkerset.sigs.k8s.io/group-index";
// No variant's name has a slash.
constexpr char otherKind[] = "/other-kind";
constexpr char workerIndexLabel[] = "leaderworkerset.sigs.k8s.io/worker-index";

std::string label(const api::Pod& pod, std::string_view key) {
  const auto* value = pod.meta.labels.find(key);
  return value ? *value : "";
}

int number(const std::string& text) {
  int value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

const policy::Refusal* forbidden(const Replica& replica, const api::Labels& labels,
                                 const ReplicaContext& c) {
  if (replica.former) return forbids(replica.former->law, labels);
  if (!c.laws) return nullptr;
  const auto law = c.laws->find(variantOf(replica.variant));
  return law == c.laws->end() ? nullptr : forbids(law->second, labels);
}

void judgePlace(Replica& replica, const api::Pod& pod, const ReplicaContext& c) {
  if (pod.node.empty()) return;
  const auto* state = c.inventory.node(pod.node);
  if (!state) {
    replica.lost = true;
    return;
  }
  if (!state->node->ready) replica.lost = true;
  if (state->node->unschedulable || state->node->meta.deleted) replica.cordoned = true;
  if (&pod == replica.pod) replica.group = state->group;
  if (replica.unlawful) return;
  if (const auto* why = forbidden(replica, c.inventory.groups()[state->group].labels, c)) {
    replica.unlawful = *why;
    return;
  }
  replica.unlawful =
      whyUnlawful(pod.node, c.inventory.groups()[state->group],
                  c.deployment.spec.placement.dataResidency, c.region, c.catalog);
}

// Of a group whose variant left the spec the size is not known: its pods tell.
int sizeOf(const Replica& replica, const api::ModelDeployment& deployment) {
  for (const auto& variant : deployment.spec.variants) {
    if (variant.name == replica.variant) return variant.accelerator.nodes;
  }
  return 1;
}

// It is written in whole seconds, and none of the time to drain may be lost by that.
void dateBreach(Replica& replica, const ReplicaContext& c) {
  if (!replica.unlawful) return;
  auto since = std::chrono::ceil<std::chrono::seconds>(c.now);
  const auto* text = replica.pod->meta.annotations.find(api::names::unlawfulSince);
  if (const auto written = text ? api::parseTime(*text) : fail("absent")) {
    since = std::min(since, std::chrono::floor<std::chrono::seconds>(*written));
  }
  const auto known = c.memory.unlawfulSince.find(replica.pod->meta.uid);
  if (known != c.memory.unlawfulSince.end()) {
    since = std::min(since, std::chrono::floor<std::chrono::seconds>(known->second));
  }
  replica.unlawfulSince = since;
}

void judge(Replica& replica, const ReplicaContext& c) {
  const auto& leader = *replica.pod;
  replica.bound = !leader.node.empty();
  replica.ready = leader.ready;
  replica.terminating = leader.meta.deleted.has_value();
  if (c.formers) replica.former = formerOf(leader, *c.formers);
  if (c.refused && replica.bound) replica.unlawful = *c.refused;
  judgePlace(replica, leader, c);
  for (const auto* worker : replica.workers) {
    replica.ready = replica.ready && worker->ready;
    judgePlace(replica, *worker, c);
  }
  dateBreach(replica, c);
  replica.cannotMark = c.memory.cannotMark.contains(leader.meta.uid);
  const int pods = 1 + static_cast<int>(replica.workers.size());
  const bool whole = replica.index < 0 || pods >= sizeOf(replica, c.deployment);
  replica.ready = replica.ready && whole && !replica.lost;
  const auto since = std::max(leader.readyChanged, leader.meta.created);
  replica.stuck = !replica.ready && !replica.lost && !replica.terminating &&
                  c.now >= startDeadline(since, c.deployment);
}

// Of each variant and index of a group.
using Workers = std::map<std::pair<std::string, std::string>, std::vector<const api::Pod*>>;

// Groups whose leader is gone already, and some of whose workers are not.
void addLeaderless(std::vector<Replica>& replicas, const Workers& workers) {
  for (const auto& [id, pods] : workers) {
    const auto& [variant, index] = id;
    const bool led = std::any_of(
        replicas.begin(), replicas.end(), [v = variant, i = number(index)](const Replica& r) {
          return r.index == i && r.variant == v;
        });
    if (led) continue;
    Replica rest;
    rest.pod = pods.front();
    rest.variant = variant;
    rest.index = number(index);
    replicas.push_back(std::move(rest));
  }
}

}  // namespace

std::string runnerName(const std::string& variant, bool groups,
                       const api::ModelDeployment& deployment) {
  const auto& variants = deployment.spec.variants;
  const auto found = std::find_if(variants.begin(), variants.end(),
                                  [&](const api::Variant& v) { return v.name == variant; });
  const bool asked = found != variants.end() && found->accelerator.nodes > 1;
  return groups == asked ? variant : variant + otherKind;
}

std::string variantOf(const std::string& runner) { return runner.substr(0, runner.find('/')); }

api::Time startDeadline(api::Time since, const api::ModelDeployment& deployment) {
  return since + deployment.spec.rollout.progressDeadline + std::chrono::seconds(1);
}

bool rolling(const std::vector<Replica>& replicas, const std::string& variant,
             const api::Workload* workload) {
  if (!workload) return false;
  // A generation that its controller has not seen yet is no sign: every change of the count is one.
  if (workload->updatedReplicas < workload->statusReplicas) return true;
  const std::string* seen = nullptr;
  for (const auto& replica : replicas) {
    if (replica.variant != variant || replica.terminating) continue;
    if (seen && *seen != replica.pod->templateHash) return true;
    seen = &replica.pod->templateHash;
  }
  return false;
}

api::Units capacityOf(const api::Workload* workload) {
  const auto* text = workload ? workload->meta.annotations.find(api::names::capacity) : nullptr;
  return text ? api::parseThousandths(*text).value_or(1000) : 1000;
}

int surgeOf(const std::vector<Replica>& replicas, const std::string& variant,
            const api::Workload* workload) {
  if (!rolling(replicas, variant, workload)) return 0;
  const auto alive = std::count_if(
      replicas.begin(), replicas.end(),
      [&](const Replica& r) { return r.variant == variant && !r.terminating; });
  constexpr int maxSurge = 1;  // as rendered
  return std::clamp(static_cast<int>(alive) - workload->replicas, 0, maxSurge);
}

int unboundParts(const Replica& replica, const api::Variant& variant) {
  if (replica.index < 0) return 0;
  const auto bound = std::count_if(replica.workers.begin(), replica.workers.end(),
                                   [](const api::Pod* worker) { return !worker->node.empty(); });
  return std::max(0, variant.accelerator.nodes - 1 - static_cast<int>(bound));
}

std::vector<Replica> replicas(const ReplicaContext& context,
                              const std::vector<const api::Pod*>& pods) {
  std::vector<Replica> result;
  Workers workers;
  for (const auto* pod : pods) {
    if (pod->terminated) continue;
    const auto worker = label(*pod, workerIndexLabel);
    const auto variant = label(*pod, api::names::variantLabel);
    const auto group = label(*pod, groupIndexLabel);
    if (!worker.empty() && worker != "0") {
      workers[{variant, group}].push_back(pod);
      continue;
    }
    Replica replica;
    replica.pod = pod;
    replica.variant = variant;
    replica.index = number(group);
    result.push_back(std::move(replica));
  }
  addLeaderless(result, workers);
  for (auto& replica : result) {
    const auto own = workers.find({replica.variant, label(*replica.pod, groupIndexLabel)});
    if (replica.index >= 0 && own != workers.end()) {
      replica.workers = own->second;
      std::erase(replica.workers, replica.pod);
    }
    replica.variant = runnerName(replica.variant, replica.index >= 0, context.deployment);
    judge(replica, context);
  }
  std::sort(result.begin(), result.end(), [](const Replica& a, const Replica& b) {
    return std::tie(a.variant, a.pod->meta.created, a.pod->meta.key) <
           std::tie(b.variant, b.pod->meta.created, b.pod->meta.key);
  });
  return result;
}

}  // namespace bailiwick::plan
