#include "plan/readiness.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plan/elsewhere.hpp"

namespace bailiwick::plan {
namespace {

// What is free in these groups, as a number that changes when that does.
Hash roomIn(const Plan& plan, const Requirement& requirement, const std::vector<int>& groups) {
  const int resource = plan.inventory.resource(requirement.resource);
  Hash hash = 0;
  for (const int group : groups) {
    const auto* product = plan.pools.productOf(group, requirement.resource);
    mix(hash, product ? *product : std::string());
    for (const int node : plan.inventory.groups()[group].nodes) {
      const auto& state = plan.inventory.nodes()[node];
      mix(hash, static_cast<Hash>(state.usable && resource >= 0 ? state.free[resource] : 0));
    }
  }
  return hash;
}

// Groups are shared by many variants: each set is looked at once.
class Room {
 public:
  explicit Room(const Plan& plan) : plan_(plan) {}

  Hash of(const VariantPlan& v) {
    auto key = fmt::format("{}\n{}", v.requirement->resource, fmt::join(v.groups, ","));
    const auto [entry, isNew] = known_.try_emplace(std::move(key));
    if (isNew) entry->second = roomIn(plan_, *v.requirement, v.groups);
    return entry->second;
  }

 private:
  const Plan& plan_;
  std::map<std::string, Hash> known_;
};

bool legal(const VariantPlan& v) {
  if (!v.requirement) return false;
  if (!v.refusal) return true;
  const auto& reason = v.refusal->reason;
  return reason == "NoCapacity" || reason == "NoMatchingPool" || reason == "NoRoomToSurge" ||
         reason == "NotStarting";
}

bool mayTake(const VariantPlan& v, const World& world) {
  const bool starts = !v.stuck && !(v.refusal && v.refusal->reason == "NotStarting");
  return legal(v) && starts && !world.region->cordoned;
}

int ceilDiv(api::Units units, api::Units capacity) {
  return static_cast<int>((units + capacity - 1) / capacity);
}

// Places one deployment anew, from what is left of the free capacity.
class Replacing {
 public:
  Replacing(const World& world, const Plan& plan, const Dependency& dependency)
      : world_(world),
        pools_(plan.pools),
        inventory_(plan.inventory),
        dependency_(dependency),
        elsewhere_(world, dependency) {}

  Answer place(const DeploymentPlan& plan, api::Units lost,
               const std::vector<std::size_t>& others) {
    Answer answer;
    answer.dependency = dependency_;
    if (others.empty() && !elsewhere_.anyDoesWithout(plan)) {
      answer.verdict = Verdict::NoAlternative;
      answer.message = fmt::format("every variant that could run here depends on {}",
                                   toString(dependency_));
      return answer;
    }
    auto missing = std::clamp<api::Units>(plan.wanted - plan.assigned + lost, 0, lost);
    for (const auto index : others) takeOver(plan.variants[index], missing, answer);
    if (missing > 0) elsewhere_.takeOver(plan, missing, answer);
    if (missing > 0) refuse(answer, plan, others);
    return answer;
  }

 private:
  void takeOver(const VariantPlan& v, api::Units& missing, Answer& answer) {
    if (!mayTake(v, world_)) return;
    const auto groups = groupsWithout(dependency_, v, pools_);
    bool any = missing <= 0 && inventory_.couldHold(*v.requirement, groups);
    for (int n = missing > 0 ? ceilDiv(missing, v.variant->capacity) : 0; n > 0; --n) {
      if (!inventory_.take(*v.requirement, groups)) break;
      missing -= v.variant->capacity;
      any = true;
    }
    if (any && answer.alternative.empty()) {
      answer.alternative =
          fmt::format("{}@{}", v.variant->name, world_.region->meta.key.name);
    }
  }

  void refuse(Answer& answer, const DeploymentPlan& plan,
              const std::vector<std::size_t>& others) const {
    answer.alternative.clear();
    for (const auto index : others) {
      const auto& v = plan.variants[index];
      if (!legal(v)) continue;
      answer.verdict = Verdict::NoCapacity;
      answer.message = whyNoRoom(v);
      return;
    }
    if (others.empty()) {
      answer.verdict = Verdict::NoCapacity;
      answer.message = fmt::format("no other region offers enough room for all that depends on {}",
                                   toString(dependency_));
      return;
    }
    answer.verdict = Verdict::NotLegal;
    const auto& first = plan.variants[others.front()];
    if (first.refusal) answer.message = first.refusal->message;
  }

  // Without figures: a status is not to be written anew with every pod that comes or goes.
  std::string whyNoRoom(const VariantPlan& v) const {
    if (v.refusal) return v.refusal->message;
    return fmt::format("variant {} has too little free room for all that depends on {}",
                       v.variant->name, toString(dependency_));
  }

  const World& world_;
  const Pools& pools_;
  Inventory inventory_;  // a copy: what one takes, the next does not find
  const Dependency& dependency_;
  Elsewhere elsewhere_;
};

struct Affected {
  const DeploymentPlan* plan = nullptr;
  const Loss* loss = nullptr;
};

std::map<api::Key, Answer> answer(const World& world, const Plan& plan,
                                  const Dependency& dependency,
                                  const std::vector<Affected>& affected) {
  Replacing replacing(world, plan, dependency);
  std::map<api::Key, Answer> answers;
  for (const auto& [deployment, loss] : affected) {
    answers[deployment->deployment->meta.key] =
        replacing.place(*deployment, loss->units, loss->others);
  }
  return answers;
}

}  // namespace

void Readiness::update(const World& world, Plan& plan) {
  recomputed_ = 0;
  if (!world.region) return;
  expose(world, plan);
  std::map<Dependency, std::vector<Affected>> byDependency;
  std::map<Dependency, Hash> signatures;
  Room room(plan);
  for (const auto* deployment : inOrder(world)) {
    const auto& planned = plan.deployments.at(deployment->meta.key);
    const auto& exposure = exposures_.at(deployment->meta.uid);
    for (const auto& loss : exposure.losses) {
      byDependency[loss.dependency].push_back({&planned, &loss});
      auto& signature = signatures[loss.dependency];
      mix(signature, exposure.signature);
      if (planned.fleet) mix(signature, signatureOf(*planned.fleet));
      for (const auto index : loss.others) {
        if (planned.variants[index].requirement) mix(signature, room.of(planned.variants[index]));
      }
    }
  }
  std::map<Dependency, Known> known;
  for (const auto& [dependency, affected] : byDependency) {
    auto& now = known[dependency];
    const auto before = known_.find(dependency);
    if (before != known_.end() && before->second.signature == signatures[dependency]) {
      now = std::move(before->second);
    } else {
      now = {signatures[dependency], answer(world, plan, dependency, affected)};
      ++recomputed_;
    }
    for (const auto& [key, answer] : now.answers) {
      plan.deployments.at(key).dependencies.push_back(answer);
    }
  }
  known_ = std::move(known);
}

void Readiness::expose(const World& world, const Plan& plan) {
  const auto ofWorld = signatureOf(world);
  std::map<std::string, Exposure> exposures;
  for (const auto* deployment : inOrder(world)) {
    const auto& uid = deployment->meta.uid;
    const auto& planned = plan.deployments.at(deployment->meta.key);
    const auto signature = signatureOf(planned, plan, ofWorld);
    const auto before = exposures_.find(uid);
    if (before != exposures_.end() && before->second.signature == signature) {
      exposures[uid] = std::move(before->second);
    } else {
      exposures[uid] = exposureOf(planned, world, plan);
      exposures[uid].signature = signature;
    }
  }
  exposures_ = std::move(exposures);
}

}  // namespace bailiwick::plan
