#include "plan/policy_status.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plan/conditions.hpp"

namespace bailiwick::plan {
namespace {

constexpr std::size_t maxRows = 100, maxMessage = 1024, maxReason = 1024;

struct Found {
  std::vector<api::Violation> rows;  // the first 100
  int total = 0;
  bool running = false;  // something that runs violates it, and may not only take nothing new
};

// Of the variant as the spec has it, or of the former one.
bool runs(const DeploymentPlan& plan, const std::string& variant, const Former* former) {
  return std::any_of(plan.replicas.begin(), plan.replicas.end(), [&](const Replica& replica) {
    return variantOf(replica.variant) == variant && replica.former == former && replica.bound &&
           !replica.terminating;
  });
}

class Violations {
 public:
  explicit Violations(const api::SovereigntyPolicy& policy) : policy_(policy) {}

  void add(const DeploymentPlan& plan, const std::string& variant, const Former* former,
           const VariantLaw& law) {
    for (const auto& objection : law.objections) {
      if (objection.policy->meta.key.name != policy_.meta.key.name) continue;
      const bool running = runs(plan, variant, former);
      if (former && !running) continue;
      ++found.total;
      found.running = found.running || (running && !objection.newOnly);
      if (found.rows.size() == maxRows) continue;
      const auto& key = plan.deployment->meta.key;
      found.rows.push_back({key.ns, key.name, variant, "PolicyDenied",
                            shortened(objection.message, maxMessage)});
    }
  }

  Found found;

 private:
  const api::SovereigntyPolicy& policy_;
};

Found violationsOf(const api::SovereigntyPolicy& policy, const Plan& plan) {
  Violations violations(policy);
  for (const auto& [key, deployment] : plan.deployments) {
    for (const auto& v : deployment.variants) {
      violations.add(deployment, v.variant->name, nullptr, v.law);
    }
    for (const auto& [said, former] : deployment.formers) {
      violations.add(deployment, former->variant.name, former.get(), former->law);
    }
  }
  return std::move(violations.found);
}

bool leaves(const api::SovereigntyPolicy& policy) {
  return policy.enforcement == api::Enforcement::Exit && policy.decodeError.empty();
}

// The first violation is remembered for as long as the policy lives.
void keepExit(const PolicyInput& in, bool running, api::SovereigntyPolicyStatus& status) {
  if (!leaves(in.policy) || (!status.exit && !running)) return;
  if (!status.exit) {
    status.exit = api::PolicyExit{};
    status.exit->firstViolationAt = std::chrono::floor<std::chrono::seconds>(in.now);
  }
  status.exit->order = in.policy.meta.key.name;
  status.exit->deadline = std::chrono::floor<std::chrono::seconds>(
      status.exit->firstViolationAt + api::Time::duration(in.policy.exitGracePeriod));
}

bool isOurs(const api::ExitOrder& order, const std::string& policy) {
  const auto& named = order.spec.target.policies;
  return std::find(named.begin(), named.end(), policy) != named.end();
}

// An order that somebody gave an earlier deadline than the policy asked for keeps it.
std::optional<api::Time> postponement(const PolicyInput& in, const api::PolicyExit& exit) {
  const auto& before = in.policy.status.exit;
  if (!before || !in.order || in.order->meta.deleted) return std::nullopt;
  if (!isOurs(*in.order, in.policy.meta.key.name)) return std::nullopt;
  if (in.order->status.phase == api::ExitPhase::Verified) return std::nullopt;
  const auto deadline = in.order->spec.deadline;
  if (deadline < before->deadline || exit.deadline <= deadline) return std::nullopt;
  return exit.deadline;
}

api::Condition readiness(const PolicyInput& in) {
  const auto& name = in.policy.meta.key.name;
  api::Condition ready;
  ready.type = "Ready";
  ready.observedGeneration = in.policy.meta.generation;
  if (const auto problem = policy::Law::problemOf(in.policy, in.catalog); !problem.empty()) {
    ready.status = "False";
    ready.reason = "InvalidSpec";
    ready.message = fmt::format("it cannot be understood, and until it is corrected it refuses all "
                                "that it selects: {}",
                                problem);
  } else if (leaves(in.policy) && in.order && !isOurs(*in.order, name)) {
    ready.status = "False";
    ready.reason = "NameTaken";
    ready.message = fmt::format("ExitOrder {} exists and does not target this policy: what "
                                "violates it does not leave; rename the policy or remove that "
                                "order",
                                name);
  } else {
    ready.status = "True";
    ready.reason = "InForce";
    ready.message = "it is in force";
    const auto strangers = policy::Law::strangersIn(in.policy, in.catalog);
    if (!strangers.empty()) {
      ready.message += fmt::format("; the catalogue does not know what it names, which may be "
                                   "misspelt: {}",
                                   fmt::join(strangers, ", "));
    }
  }
  if (in.policy.status.conditions.empty()) ready.status = "Unknown";
  return judged(std::move(ready), in.policy.status.conditions, in.now);
}

api::ExitOrderSpec orderOf(const api::SovereigntyPolicy& policy, const api::PolicyExit& exit) {
  api::ExitOrderSpec spec;
  spec.target.policies = {policy.meta.key.name};
  spec.reason = policy.source.title.empty()
                    ? fmt::format("policy {} refuses it", policy.meta.key.name)
                    : fmt::format("policy {} refuses it: {}", policy.meta.key.name,
                                  policy.source.title);
  spec.reason = shortened(std::move(spec.reason), maxReason);
  spec.deadline = exit.deadline;
  return spec;
}

}  // namespace

PolicyDecision decide(const PolicyInput& in) {
  PolicyDecision decision;
  auto& status = decision.status;
  status = in.policy.status;
  status.observedGeneration = in.policy.meta.generation;
  bool running = false;
  if (in.plan) {
    auto found = violationsOf(in.policy, *in.plan);
    status.violations = std::move(found.rows);
    status.violationsTotal = found.total;
    running = found.running;
  }
  keepExit(in, running, status);
  status.conditions = {readiness(in)};
  if (running && leaves(in.policy) && !in.order && !in.policy.meta.deleted) {
    decision.order = orderOf(in.policy, *status.exit);
  }
  if (status.exit) decision.postponed = postponement(in, *status.exit);
  return decision;
}

}  // namespace bailiwick::plan
