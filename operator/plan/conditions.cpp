#include "plan/conditions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "api/quantity.hpp"
#include "plan/exit_ready.hpp"
#include "plan/peer_rows.hpp"

namespace bailiwick::plan {
namespace {

using policy::Refusal;

constexpr std::size_t maxMessage = 1024;
// So many names, that what is said of them still has room.
constexpr std::size_t maxNames = 3;

std::string units(api::Units value) { return api::formatThousandths(value); }

std::string someOf(const std::vector<std::string>& names) {
  const auto told = std::min(names.size(), maxNames);
  auto text = fmt::format("{}", fmt::join(names.begin(), names.begin() + told, ", "));
  if (told < names.size()) text += fmt::format(" and {} more", names.size() - told);
  return text;
}

// Time alone, or weather, may resolve these; for the others a person must act.
bool mayResolveAlone(const std::string& reason) {
  return reason == "Scaling" || reason == "NoCapacity" || reason == "NoRoomToSurge" ||
         reason == "NotStarting" || reason == "RegionLost";
}

void consider(std::optional<Refusal>& binding, const Refusal& candidate) {
  if (!binding || policy::precedence(candidate.reason) < policy::precedence(binding->reason)) {
    binding = candidate;
  }
}

Refusal noRoomToSurge(const StatusInput& in) {
  return {"NoRoomToSurge",
          fmt::format("the pool is full of replicas that are to be replaced, and "
                      "spec.rollout.maxUnavailable is {}: add capacity, or raise it to allow a gap",
                      in.plan.deployment->spec.rollout.maxUnavailable)};
}

api::Units unitsOf(const StatusInput& in) {
  return in.plan.deployment->spec.replicas * api::Units{1000};
}

// Over the whole domain, as it is seen from here.
api::Units assignedUnits(const StatusInput& in) {
  return in.plan.assigned + (in.plan.fleet ? in.plan.fleet->assignedElsewhere : 0);
}

// That could be assigned here, or to the whole domain.
api::Units assignable(const StatusInput& in) {
  return in.plan.fleet ? unitsOf(in) : in.plan.wanted;
}

// What keeps this region out is no matter where others serve all of it.
bool servedElsewhere(const StatusInput& in) {
  const auto& refusal = in.plan.refusal;
  return in.plan.fleet && refusal && refusal->reason != "InvalidSpec" &&
         in.plan.fleet->assignedElsewhere >= unitsOf(in);
}

Refusal maxPerRegion(const StatusInput& in) {
  return {"NoCapacity",
          fmt::format("{} of {} units have a place: spec.placement.maxPerRegion is {}",
                      units(in.plan.wanted), units(unitsOf(in)),
                      in.plan.deployment->spec.placement.maxPerRegion.value_or(0))};
}

bool roomIsMissing(const std::optional<Refusal>& binding) {
  return binding &&
         policy::precedence(binding->reason) >= policy::precedence("NoMatchingPool");
}

// What of the fleet stands in the way.
void considerFleet(std::optional<Refusal>& binding, const StatusInput& in) {
  const auto& decision = in.plan.fleet->decision;
  const auto missing = unitsOf(in) - assignedUnits(in);
  if (missing <= 0 || decision.awaiting) return;
  if (decision.isolated && in.plan.deployment->spec.failover.onIsolation == "Hold") {
    // However much room there is here.
    if (roomIsMissing(binding)) binding.reset();
    consider(binding, {"RegionLost",
                       "no peer answers, so this region may be the one that is cut off: what it has "
                       "stays as it is (spec.failover.onIsolation)"});
  } else if (!decision.lost.empty()) {
    // That there is too little room elsewhere is because of it.
    const bool room = roomIsMissing(binding);
    const auto why = room ? ": " + binding->message : "";
    if (room) binding.reset();
    consider(binding, {"RegionLost",
                       fmt::format("{} lost; {} units have no other lawful place yet{}",
                                   fmt::join(decision.lost, ", "), units(missing), why)});
  } else if (!binding && decision.pending > 0) {
    consider(binding, {"NoCapacity", fmt::format("no region of the domain offers {} of {} units",
                                                 units(missing), units(unitsOf(in)))});
  }
}

// Of all that stands in the way of the wanted units, what a person must act on first.
std::optional<Refusal> bindingRefusal(const StatusInput& in) {
  std::optional<Refusal> binding;
  for (const auto& name : in.takenNames) {
    consider(binding, {"NameTaken", fmt::format("{} exists and belongs to somebody else; rename "
                                                "this ModelDeployment or remove that object",
                                                name)});
  }
  if (in.plan.refusal && !servedElsewhere(in)) consider(binding, *in.plan.refusal);
  for (const auto& failure : in.failures) consider(binding, failure);
  if (assignedUnits(in) < assignable(in) && !in.plan.refusal) {
    for (const auto& v : in.plan.variants) {
      if (v.noRoomToSurge) consider(binding, noRoomToSurge(in));
      if (v.refusal) consider(binding, *v.refusal);
    }
  }
  for (const auto& v : in.plan.variants) {
    // What runs of a refused variant stays, and cannot be changed until that is mended.
    const bool frozen = v.share > 0 && (!v.requirement || v.neverFits);
    if ((v.stuck || frozen) && v.refusal) consider(binding, *v.refusal);
  }
  if (in.step.noRoomToSurge) consider(binding, noRoomToSurge(in));
  if (!binding && assignable(in) < unitsOf(in)) consider(binding, maxPerRegion(in));
  if (in.plan.fleet) considerFleet(binding, in);
  return binding;
}

// Something runs that is to go, or is on its way.
bool moving(const StatusInput& in) {
  const auto& step = in.step;
  if (in.writing || step.rolling) return true;
  if (!step.marks.empty() || !step.finished.empty() || !step.restarts.empty()) return true;
  if (step.noRoomToSurge) return true;
  return !in.plan.onHold &&
         std::any_of(step.replicas.begin(), step.replicas.end(), [&](const auto& entry) {
           const auto* v = in.plan.variant(entry.first);
           return !v || v->share != entry.second;
         });
}

std::string everyRefusal(const StatusInput& in, const Refusal& binding) {
  auto text = binding.message;
  for (const auto& v : in.plan.variants) {
    if (!v.refusal || text.find(v.refusal->message) != std::string::npos) continue;
    text += "; " + v.refusal->message;
  }
  return text;
}

class Conditions {
 public:
  Conditions(const api::ModelDeployment& current, api::Time now) : current_(current), now_(now) {}

  void set(std::string type, std::string status, std::string reason, std::string message) {
    api::Condition condition;
    condition.type = std::move(type);
    condition.status = std::move(status);
    condition.reason = std::move(reason);
    condition.message = std::move(message);
    condition.observedGeneration = current_.meta.generation;
    conditions_.push_back(judged(std::move(condition), current_.status.conditions, now_));
  }

  std::vector<api::Condition> take() { return std::move(conditions_); }

 private:
  const api::ModelDeployment& current_;
  const api::Time now_;
  std::vector<api::Condition> conditions_;
};

void placed(Conditions& conditions, const StatusInput& in, const std::optional<Refusal>& binding) {
  const auto& plan = in.plan;
  const auto total = unitsOf(in);
  const auto assigned = assignedUnits(in), possible = assignable(in);
  const bool refused = plan.refusal && !servedElsewhere(in);
  if (assigned >= possible && possible >= total && !refused) {
    conditions.set("Placed", "True", "AllReplicasPlaced",
                   fmt::format("all {} units have a lawful place", units(total)));
  } else if (assigned >= possible && !refused) {
    const auto why = maxPerRegion(in);
    conditions.set("Placed", "False", why.reason, why.message);
  } else {
    const auto why = binding.value_or(Refusal{"Scaling", in.plan.onHold ? "paused: nothing new is placed" : "regions are taking their shares"});
    conditions.set("Placed", "False", why.reason,
                   fmt::format("{} of {} units have a lawful place: {}", units(assigned),
                               units(possible), everyRefusal(in, why)));
  }
}

bool runs(const StatusInput& in, const std::string& variant) {
  return std::any_of(in.plan.replicas.begin(), in.plan.replicas.end(), [&](const Replica& r) {
    return variantOf(r.variant) == variant && !r.terminating;
  });
}

// A policy refuses something that runs and only an exit may end, or every variant.
std::optional<Refusal> refusedByPolicy(const StatusInput& in) {
  bool all = !in.plan.variants.empty();
  std::optional<Refusal> first;
  for (const auto& v : in.plan.variants) {
    for (const auto& objection : v.law.objections) {
      const bool leaves = objection.policy->enforcement == api::Enforcement::Exit;
      if (leaves && !objection.newOnly && objection.policy->decodeError.empty() &&
          runs(in, v.variant->name)) {
        return Refusal{"PolicyDenied",
                       fmt::format("{}; what runs leaves by ExitOrder {}", objection.message,
                                   objection.policy->meta.key.name)};
      }
    }
    const bool refused = v.refusal && v.refusal->reason == "PolicyDenied";
    if (refused && !first) first = v.refusal;
    all = all && refused && !runs(in, v.variant->name);
  }
  return all ? first : std::nullopt;
}

// What policies say beside a legal variant: refusals of others, and warnings.
std::string remarksOf(const StatusInput& in) {
  std::string text;
  for (const auto& v : in.plan.variants) {
    for (const auto& objection : v.law.objections) {
      const bool warns = objection.effect == policy::Effect::Warn;
      text += fmt::format("; {}{}", warns ? "warning: " : "", objection.message);
    }
  }
  return text;
}

void compliant(Conditions& conditions, const StatusInput& in) {
  std::vector<std::string> unlawful;
  std::optional<Refusal> first;
  for (const auto& replica : in.plan.replicas) {
    if (!replica.unlawful) continue;
    unlawful.push_back(replica.pod->meta.key.name);
    consider(first, *replica.unlawful);
  }
  if (first) {
    const bool one = unlawful.size() == 1;
    conditions.set("Compliant", "False", first->reason,
                   fmt::format("{} ({}): {}; {} replaced, or stopped after spec.exit.drainTimeout",
                               one ? "1 replica runs where it may not"
                                   : fmt::format("{} replicas run where they may not",
                                                 unlawful.size()),
                               someOf(unlawful), first->message, one ? "it is" : "they are"));
    return;
  }
  if (const auto refused = refusedByPolicy(in)) {
    conditions.set("Compliant", "False", refused->reason, refused->message);
    return;
  }
  const auto remarks = remarksOf(in);
  for (const auto& v : in.plan.variants) {
    const auto* artifact = v.passport ? v.passport->artifact(v.variant->artifact) : nullptr;
    if (v.share == 0 || !artifact || !artifact->digest.empty()) continue;
    conditions.set("Compliant", "True", "Unverified",
                   fmt::format("artifact {} of passport {} has no digest: its weights cannot be "
                               "verified{}",
                               artifact->name, v.variant->passport, remarks));
    return;
  }
  conditions.set("Compliant", "True", "Lawful", "everything that runs may run where it is" + remarks);
}

}  // namespace

std::string shortened(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

api::Condition judged(api::Condition condition, const std::vector<api::Condition>& before,
                      api::Time now) {
  condition.message = shortened(std::move(condition.message), maxMessage);
  condition.since = std::chrono::floor<std::chrono::seconds>(now);
  const auto* old = api::findCondition(before, condition.type);
  if (old && old->status == condition.status) condition.since = old->since;
  return condition;
}

std::vector<api::Condition> conditionsOf(const StatusInput& in, api::Units readyUnits) {
  const auto binding = bindingRefusal(in);
  const auto total = unitsOf(in);
  const bool ready = readyUnits >= total && (!binding || binding->reason != "InvalidSpec");
  const bool firstVisit = in.current.status.conditions.empty();
  Conditions conditions(in.current, in.now);
  const auto progress = fmt::format("{} of {} units are Ready", units(readyUnits), units(total));
  const auto why = binding.value_or(Refusal{"Scaling", progress});
  if (ready && !firstVisit) {
    conditions.set("Ready", "True", "AllReplicasReady", progress);
  } else {
    const auto message = binding ? progress + ": " + binding->message : progress;
    conditions.set("Ready", firstVisit ? "Unknown" : "False", why.reason, message);
  }
  const bool stalled = binding && !mayResolveAlone(binding->reason);
  const bool changing = !ready || binding || moving(in);
  if (stalled) {
    conditions.set("Reconciling", "False", why.reason, why.message);
    conditions.set("Stalled", "True", why.reason, why.message);
  } else {
    conditions.set("Reconciling", changing ? "True" : "False",
                   changing ? why.reason : "AllReplicasReady", changing ? why.message : progress);
    conditions.set("Stalled", "False", changing ? "Scaling" : "AllReplicasReady", progress);
  }
  placed(conditions, in, binding);
  compliant(conditions, in);
  const auto exitReady = exitReadyOf(in.plan, in.now);
  conditions.set("ExitReady", exitReady.status, exitReady.reason, exitReady.message);
  const auto agreement = agreementOf(in);
  conditions.set("SpecInSync", agreement.status, agreement.reason, agreement.message);
  return conditions.take();
}

api::ModelDeploymentStatus withoutRegion(const api::ModelDeployment& current,
                                         const std::string& problem, api::Time now) {
  const auto message = problem + ". What runs stays, nothing new is placed";
  Conditions conditions(current, now);
  conditions.set("Ready", "Unknown", "LocationUnknown", message);
  conditions.set("Reconciling", "False", "LocationUnknown", message);
  conditions.set("Stalled", "True", "LocationUnknown", message);
  conditions.set("Placed", "False", "LocationUnknown", message);
  for (const auto* type : {"Compliant", "ExitReady", "SpecInSync"}) {
    conditions.set(type, "Unknown", "LocationUnknown", message);
  }
  auto status = current.status;
  status.observedGeneration = current.meta.generation;
  status.conditions = conditions.take();
  return status;
}

}  // namespace bailiwick::plan
