#include "plan/transition.hpp"

#include <algorithm>
#include <tuple>

#include "api/labels.hpp"
#include "api/quantity.hpp"

namespace bailiwick::plan {
namespace {

using api::names::deletionCost;
using api::names::unlawfulSince;

// The annotation on workloads that says a replica's capacity: a variant that left the spec has no
// other place for it.
constexpr char capacityAnnotation[] = "bailiwick.dev/capacity";

struct VariantState {
  std::string name;
  const VariantPlan* planned = nullptr;  // null: no longer in the spec
  const api::Workload* workload = nullptr;
  api::Units capacity = 1000;
  int preference = 0;  // position in the spec; obsolete ones come last
  std::vector<const Replica*> keepers, victims;
  int terminating = 0;
};

api::Units capacityOf(const VariantState& v) {
  if (v.planned) return v.planned->variant->capacity;
  const auto* text = v.workload ? v.workload->meta.annotations.find(capacityAnnotation) : nullptr;
  return text ? api::parseThousandths(*text).value_or(1000) : 1000;
}

// Whom to keep: Ready before starting, bound before waiting, old before young; groups of a
// LeaderWorkerSet by index, because the highest one always goes first.
auto keepRank(const Replica& r) {
  return std::make_tuple(r.index >= 0 ? r.index : 0, !r.ready, !r.bound, r.stuck,
                         r.pod->meta.created, r.pod->meta.key);
}

bool rolling(const VariantState& v) {
  return v.workload && (v.workload->observedGeneration < v.workload->meta.generation ||
                        v.workload->updatedReplicas < v.workload->statusReplicas);
}

// Keepers are the best of the lawful ones, as many as the share says; all others are victims, which
// serve until they may go.
void split(VariantState& v, const std::vector<Replica>& replicas) {
  std::vector<const Replica*> able;
  for (const auto& replica : replicas) {
    if (replica.variant != v.name) continue;
    if (replica.terminating) {
      ++v.terminating;
    } else if (replica.unlawful || replica.lost) {
      v.victims.push_back(&replica);
    } else {
      able.push_back(&replica);
    }
  }
  std::sort(able.begin(), able.end(),
            [](const Replica* a, const Replica* b) { return keepRank(*a) < keepRank(*b); });
  // The extra replica of a rolling update is its controller's: neither kept nor given up by us.
  const auto alive = static_cast<int>(able.size() + v.victims.size());
  if (rolling(v) && alive > v.workload->replicas) {
    const auto surge = std::min(static_cast<int>(able.size()), alive - v.workload->replicas);
    able.resize(able.size() - static_cast<std::size_t>(surge));
  }
  const auto share = static_cast<std::size_t>(v.planned ? v.planned->share : 0);
  const auto kept = std::min(share, able.size());
  v.keepers.assign(able.begin(), able.begin() + static_cast<std::ptrdiff_t>(kept));
  v.victims.insert(v.victims.end(), able.begin() + static_cast<std::ptrdiff_t>(kept), able.end());
}

std::vector<VariantState> statesOf(
    const DeploymentPlan& plan, const std::map<std::string, const api::Workload*>& workloads) {
  std::vector<VariantState> states;
  const auto add = [&](const std::string& name, const VariantPlan* planned) {
    VariantState v;
    v.name = name;
    v.planned = planned;
    v.preference = static_cast<int>(states.size());
    const auto workload = workloads.find(name);
    if (workload != workloads.end()) v.workload = workload->second;
    v.capacity = capacityOf(v);
    split(v, plan.replicas);
    states.push_back(std::move(v));
  };
  for (const auto& planned : plan.variants) add(planned.variant->name, &planned);
  for (const auto& [name, workload] : workloads) {
    if (!plan.variant(name)) add(name, nullptr);
  }
  return states;
}

std::optional<api::Time> markedUnlawful(const Replica& replica) {
  const auto* text = replica.pod->meta.annotations.find(unlawfulSince);
  const auto time = text ? api::parseTime(*text) : fail("absent");
  return time ? std::optional(*time) : std::nullopt;
}

bool marked(const Replica& replica) { return replica.pod->meta.annotations.find(deletionCost); }

class Stepper {
 public:
  Stepper(const DeploymentPlan& plan, std::vector<VariantState> states, api::Time now)
      : plan_(plan), states_(std::move(states)), now_(now) {
    for (const auto& v : states_) {
      for (const auto* list : {&v.keepers, &v.victims}) {
        for (const auto* replica : *list) {
          if (replica->ready) ready_ += v.capacity;
        }
      }
      for (const auto* keeper : v.keepers) {
        if (!keeper->ready && !keeper->stuck) starting_ = true;
      }
      const bool toCome = v.planned && v.planned->share > static_cast<int>(v.keepers.size());
      if (toCome && !v.planned->stuck) starting_ = true;
    }
  }

  Step run() {
    for (auto [v, victim] : byUrgency()) {
      if (mayGo(*v, *victim)) going_[v->name].push_back(victim);
    }
    for (auto& v : states_) settle(v);
    return std::move(step_);
  }

 private:
  using Victim = std::pair<VariantState*, const Replica*>;

  // Who goes first when not all can: what serves nothing, what may not be, what is preferred least.
  std::vector<Victim> byUrgency() {
    std::vector<Victim> victims;
    for (auto& v : states_) {
      for (const auto* victim : v.victims) victims.emplace_back(&v, victim);
    }
    std::sort(victims.begin(), victims.end(), [](const Victim& a, const Victim& b) {
      const auto rank = [](const Victim& x) {
        return std::make_tuple(x.second->ready, !x.second->unlawful, -x.first->preference,
                               -x.second->index, x.second->pod->meta.key);
      };
      return rank(a) < rank(b);
    });
    return victims;
  }

  bool mayGo(const VariantState& v, const Replica& victim) {
    if (pastDrainTimeout(victim)) return true;
    if (plan_.onHold) return false;
    if (victim.lost) return !starting_ && ready_ >= plan_.wanted;
    if (!victim.ready) return true;
    if (!settled(v)) return false;
    if (ready_ - v.capacity >= plan_.wanted || gapAllowed(v)) {
      ready_ -= v.capacity;
      return true;
    }
    return false;
  }

  // While a replacement of the same workload is starting, its controller would give up that one
  // instead: it removes what is not Ready before it looks at deletion costs.
  bool settled(const VariantState& v) const {
    const int share = v.planned ? v.planned->share : 0;
    return !rolling(v) && static_cast<int>(v.keepers.size()) >= share &&
           std::all_of(v.keepers.begin(), v.keepers.end(), [](auto* r) { return r->ready; });
  }

  // The law was broken, nothing lawful is on its way, and the time for it is over.
  bool pastDrainTimeout(const Replica& victim) {
    if (!victim.unlawful) return false;
    const auto since = markedUnlawful(victim);
    if (!since) return false;
    const auto deadline = *since + plan_.deployment->spec.exit.drainTimeout;
    if (now_ >= deadline) return !starting_ || !victim.ready;
    wakeAt(deadline);
    return false;
  }

  // spec.rollout.maxUnavailable replicas may be missing while replaced replicas hold the nodes that
  // the new ones need.
  bool gapAllowed(const VariantState& v) {
    const auto waiting = std::find_if(plan_.variants.begin(), plan_.variants.end(),
                                      [](const VariantPlan& p) { return p.noRoomToSurge; });
    if (waiting == plan_.variants.end() || v.planned) return false;
    const auto gap = plan_.deployment->spec.rollout.maxUnavailable * waiting->variant->capacity;
    if (plan_.wanted - (ready_ - v.capacity) <= gap) return true;
    step_.noRoomToSurge = true;
    return false;
  }

  void settle(VariantState& v) {
    const int share = v.planned ? v.planned->share : 0;
    const bool groups = v.workload && !v.victims.empty() && v.victims.front()->index >= 0;
    const auto& going = going_[v.name];
    int leaving = 0;
    for (const auto* victim : going) {
      if (groups ? highest(v, *victim, leaving) : marked(*victim)) ++leaving;
    }
    if (groups) restartOne(v, going, leaving);
    const int kept = static_cast<int>(v.victims.size()) - leaving;
    const bool untouched = plan_.onHold && v.workload;
    const int replicas = untouched ? v.workload->replicas - leaving : share + kept;
    annotate(v, going);
    if (replicas == 0 && leaving == 0 && v.keepers.empty() && v.terminating == 0) {
      if (v.workload) step_.finished.push_back(v.name);
      return;
    }
    step_.replicas[v.name] = replicas;
  }

  bool highest(const VariantState& v, const Replica& victim, int leaving) const {
    const auto alive = v.keepers.size() + v.victims.size();
    return victim.index == static_cast<int>(alive) - 1 - leaving;
  }

  void restartOne(const VariantState& v, const std::vector<const Replica*>& going, int leaving) {
    if (leaving > 0 || going.empty() || v.terminating > 0) return;
    const auto& victim = *going.front();
    if (victim.unlawful || victim.lost) step_.restarts.push_back({victim.pod});
  }

  void annotate(const VariantState& v, const std::vector<const Replica*>& going) {
    const auto check = [&](const Replica& replica, bool remove) {
      auto since = markedUnlawful(replica);
      const bool known = since.has_value();
      if (replica.unlawful && !since) {
        since = now_;
        wakeAt(now_ + plan_.deployment->spec.exit.drainTimeout);
      }
      if (!replica.unlawful) since.reset();
      if (remove != marked(replica) || since.has_value() != known) {
        step_.marks.push_back({replica.pod, remove, since});
      }
    };
    for (const auto* keeper : v.keepers) check(*keeper, false);
    for (const auto* victim : v.victims) {
      check(*victim, std::find(going.begin(), going.end(), victim) != going.end());
    }
    for (const auto* list : {&v.keepers, &v.victims}) {
      for (const auto* replica : *list) wakeAtProgressDeadline(*replica);
    }
  }

  void wakeAtProgressDeadline(const Replica& replica) {
    if (replica.ready || replica.stuck || replica.lost) return;
    const auto since = std::max(replica.pod->readyChanged, replica.pod->meta.created);
    wakeAt(since + plan_.deployment->spec.rollout.progressDeadline + std::chrono::seconds(1));
  }

  void wakeAt(api::Time time) {
    if (!step_.wakeAt || time < *step_.wakeAt) step_.wakeAt = time;
  }

  const DeploymentPlan& plan_;
  std::vector<VariantState> states_;
  const api::Time now_;
  api::Units ready_ = 0;   // of all replicas, those that are to go included
  bool starting_ = false;  // planned replicas that are not Ready yet
  std::map<std::string, std::vector<const Replica*>> going_;
  Step step_;
};

}  // namespace

Step nextStep(const DeploymentPlan& plan,
              const std::map<std::string, const api::Workload*>& workloads, api::Time now) {
  return Stepper(plan, statesOf(plan, workloads), now).run();
}

}  // namespace bailiwick::plan
