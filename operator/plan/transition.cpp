#include "plan/transition.hpp"

#include <algorithm>
#include <tuple>

#include "api/labels.hpp"

namespace bailiwick::plan {
namespace {

using api::names::deletionCost;
using api::names::unlawfulSince;

struct VariantState {
  std::string name;  // of its runner
  const VariantPlan* planned = nullptr;  // null: no longer in the spec
  const api::Workload* workload = nullptr;
  api::Units capacity = 1000;
  int preference = 0;  // position in the spec; obsolete ones come last
  std::vector<const Replica*> keepers, victims;
  std::vector<const Replica*> surge;  // of a rolling update: neither kept nor given up by us
  bool rolling = false;
  int highestTerminating = -1;  // index of a LeaderWorkerSet's group
  // Indices of groups that are gone but for pods on silent nodes: nothing runs under them meanwhile.
  std::vector<int> blocked;
  int terminating = 0;
};

api::Units capacityOf(const VariantState& v) {
  return v.planned ? v.planned->variant->capacity : plan::capacityOf(v.workload);
}

// Whom to keep: Ready before starting, bound before waiting, old before young; groups of a
// LeaderWorkerSet by index, because the highest one always goes first.
auto keepRank(const Replica& r) {
  return std::make_tuple(r.index >= 0 ? r.index : 0, r.wantsReplacement(), !r.ready, !r.bound, r.stuck,
                         r.pod->meta.created, r.pod->meta.key);
}

// The worst `count` of the sorted list.
std::vector<const Replica*> cutTail(std::vector<const Replica*>& list, std::size_t count) {
  const auto from = list.end() - static_cast<std::ptrdiff_t>(std::min(count, list.size()));
  std::vector<const Replica*> tail(from, list.end());
  list.erase(from, list.end());
  return tail;
}

// Keepers are the best of the lawful ones, as many as the share says; all others are victims, which
// serve until they may go. Of those on cordoned nodes, and of those that an exit leaves, only as many
// are kept as the plan says: for the others a replacement comes first.
void split(VariantState& v, const std::vector<Replica>& replicas) {
  std::vector<const Replica*> able, asked;
  for (const auto& replica : replicas) {
    if (replica.variant != v.name) continue;
    if (replica.terminating) {
      ++v.terminating;
      v.highestTerminating = std::max(v.highestTerminating, replica.index);
      if (replica.lost && replica.index >= 0) v.blocked.push_back(replica.index);
    } else if (replica.unlawful || replica.lost || replica.leave == Leave::Now) {
      v.victims.push_back(&replica);
    } else {
      (replica.wantsReplacement() ? asked : able).push_back(&replica);
    }
  }
  const auto better = [](const Replica* a, const Replica* b) { return keepRank(*a) < keepRank(*b); };
  std::sort(asked.begin(), asked.end(), better);
  const auto kept = static_cast<std::size_t>(v.planned ? v.planned->cordoned : 0);
  const auto replaced = cutTail(asked, asked.size() - std::min(kept, asked.size()));
  v.victims.insert(v.victims.end(), replaced.begin(), replaced.end());
  able.insert(able.end(), asked.begin(), asked.end());
  std::sort(able.begin(), able.end(), better);
  v.rolling = rolling(replicas, v.name, v.workload);
  v.surge = cutTail(able, static_cast<std::size_t>(surgeOf(replicas, v.name, v.workload)));
  const auto share = static_cast<std::size_t>(v.planned ? v.planned->share : 0);
  const auto surplus = cutTail(able, able.size() - std::min(share, able.size()));
  v.keepers = able;
  v.victims.insert(v.victims.end(), surplus.begin(), surplus.end());
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

// Whether the pod says of itself since when it is unlawful, if it is, and nothing else.
bool tellsBreach(const Replica& replica) {
  const auto* text = replica.pod->meta.annotations.find(unlawfulSince);
  if (!replica.unlawfulSince) return !text;
  const auto time = text ? api::parseTime(*text) : fail("absent");
  return time && *time <= *replica.unlawfulSince;
}

bool marked(const Replica& replica) { return replica.pod->meta.annotations.find(deletionCost); }

class Stepper {
 public:
  Stepper(const DeploymentPlan& plan, std::vector<VariantState> states, api::Time now)
      : plan_(plan), states_(std::move(states)), now_(now) {
    for (const auto& v : states_) {
      for (const auto* list : {&v.keepers, &v.victims}) {
        for (const auto* replica : *list) {
          if (!replica->ready) continue;
          ready_ += v.capacity;
          step_.ready[v.name] += v.capacity;
        }
      }
      for (const auto* keeper : v.keepers) {
        if (!keeper->ready && !keeper->stuck) starting_ = true;
      }
      const bool toCome = v.planned && v.planned->share > static_cast<int>(v.keepers.size());
      if (toCome && !v.planned->stuck) starting_ = true;
      if (v.rolling || unobserved(v)) step_.rolling = true;
    }
  }

  Step run() {
    // Those that go in any case first: the others may go where enough is left without them.
    const auto victims = byUrgency();
    for (const auto& [v, victim] : victims) {
      if (!mustGo(*victim)) continue;
      if (victim->ready) ready_ -= v->capacity;
      going_[v->name].push_back(victim);
    }
    bool draining = exitDrains();
    for (const auto& [v, victim] : victims) {
      if (mustGo(*victim)) continue;
      const bool serves = victim->leave == Leave::First && victim->ready;
      if (serves && draining) continue;
      if (!mayGo(*v, *victim)) continue;
      draining = draining || serves;
      going_[v->name].push_back(victim);
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
        return std::make_tuple(x.second->ready, !x.second->unlawful, !marked(*x.second),
                               -x.first->preference, -x.second->index, x.second->pod->meta.key);
      };
      return rank(a) < rank(b);
    });
    return victims;
  }

  bool mayGo(const VariantState& v, const Replica& victim) {
    if (plan_.onHold || !goesFirst(v, victim)) return false;
    if (victim.lost) return !starting_ && ready_ >= plan_.wanted;
    if (!victim.ready) return true;
    if (ready_ - v.capacity >= plan_.wanted || gapAllowed(v)) {
      ready_ -= v.capacity;
      return true;
    }
    return false;
  }

  // Whether the workload's controller would give up this one, once it is marked, rather than a
  // keeper: it removes what is not bound, then what is not Ready, and only then looks at deletion
  // costs. While a rolling update proceeds, any of two ReplicaSets may have to give.
  static bool goesFirst(const VariantState& v, const Replica& victim) {
    const bool proceeds = v.rolling && std::any_of(v.surge.begin(), v.surge.end(), [](auto* r) {
                            return r->bound && !r->stuck;
                          });
    if (proceeds || static_cast<int>(v.keepers.size()) < shareOf(v)) return false;
    if (!victim.bound) return true;
    return std::all_of(v.keepers.begin(), v.keepers.end(), [&](auto* keeper) {
      return keeper->ready || (keeper->stuck && !victim.ready);
    });
  }

  static int shareOf(const VariantState& v) { return v.planned ? v.planned->share : 0; }

  // An exit order takes its replicas out one at a time, each with the whole grace of its requests.
  bool exitDrains() const {
    return std::any_of(plan_.replicas.begin(), plan_.replicas.end(), [](const Replica& replica) {
      return replica.leave == Leave::First && replica.terminating;
    });
  }

  // The law was broken and the time for a replacement is over, whatever has become of it
  // (docs/adr/0006); or an exit order does not wait.
  bool mustGo(const Replica& victim) {
    if (victim.leave == Leave::Now) return true;
    if (!victim.unlawful) return false;
    const auto deadline = *victim.unlawfulSince + plan_.deployment->spec.exit.drainTimeout;
    if (now_ >= deadline) return true;
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
    const auto& going = going_[v.name];
    const bool groups = isGroups(v);
    const int leaving = groups ? leavingGroups(v, going) : leavingPods(v, going);
    if (groups && leaving == 0) restart(v, going);
    if (!groups) deleteUnmarkable(v, going);
    annotate(v, going);
    wakeAtDeadlines(v);
    if (v.planned && v.planned->noRoomToSurge && !v.surge.empty() &&
        plan_.deployment->spec.rollout.maxUnavailable == 0) {
      step_.noRoomToSurge = true;
    }
    const int replicas = replicasOf(v, going, leaving);
    if (replicas > 0 || runs(v)) step_.serving.insert(variantOf(v.name));
    if (replicas > 0 || leaving > 0 || (v.workload && somethingIsLeft(v))) {
      step_.replicas[v.name] = replicas;
    } else if (v.workload && !plan_.onHold) {
      step_.finished.push_back(v.name);
    }
  }

  static bool runs(const VariantState& v) {
    return !v.keepers.empty() || !v.victims.empty() || !v.surge.empty();
  }

  static bool somethingIsLeft(const VariantState& v) { return v.terminating > 0 || runs(v); }

  // Its controller has not seen the latest change. Of a LeaderWorkerSet the status does not tell.
  static bool unobserved(const VariantState& v) {
    return v.workload && !v.workload->groups &&
           v.workload->observedGeneration < v.workload->meta.generation;
  }

  int replicasOf(const VariantState& v, const std::vector<const Replica*>& going,
                 int leaving) const {
    const int alive = static_cast<int>(v.keepers.size() + v.victims.size());
    if (plan_.onHold && v.workload) {
      const int onTheirWay = std::max(0, alive - v.workload->replicas);
      return v.workload->replicas - std::max(0, leaving - onTheirWay);
    }
    const int kept = static_cast<int>(v.victims.size()) - leaving;
    if (isGroups(v)) {
      return std::max(besideBlocked(v, shareOf(v) + kept),
                      alive == leaving ? 0 : lastGroup(v, leaving));
    }
    if (leaving == 0) return shareOf(v) + kept;
    // Where the law does not wait, keepers that are not Ready go too: the controller would give up
    // them and leave what has to go. What the plan still wants comes back lawfully.
    const auto ready = std::count_if(v.keepers.begin(), v.keepers.end(),
                                     [](const Replica* keeper) { return keeper->ready; });
    const bool forced = std::any_of(going.begin(), going.end(), [&](const Replica* victim) {
      return leaves(v, *victim) && (victim->unlawful || victim->leave == Leave::Now);
    });
    return (forced ? static_cast<int>(ready) : shareOf(v)) + kept;
  }

  static int besideBlocked(const VariantState& v, int groups) {
    auto blocked = v.blocked;
    std::sort(blocked.begin(), blocked.end());
    for (const int index : blocked) groups += index < groups ? 1 : 0;
    return groups;
  }

  // How many groups there must be for those that stay: one that restarts leaves a gap below them.
  static int lastGroup(const VariantState& v, int leaving) {
    std::vector<int> indices;
    for (const auto* list : {&v.keepers, &v.victims}) {
      for (const auto* group : *list) indices.push_back(group->index);
    }
    std::sort(indices.begin(), indices.end());
    return indices[indices.size() - 1 - static_cast<std::size_t>(leaving)] + 1;
  }

  static bool isGroups(const VariantState& v) {
    const auto inGroup = [](const Replica* r) { return r->index >= 0; };
    return !v.blocked.empty() || std::any_of(v.victims.begin(), v.victims.end(), inGroup) ||
           std::any_of(v.keepers.begin(), v.keepers.end(), inGroup);
  }

  // Whether the controller, asked for fewer, would give up this one: where it is marked; or, where it
  // cannot be, where there is nothing else to give up, or only what goes after what is not Ready.
  bool leaves(const VariantState& v, const Replica& victim) const {
    if (marked(victim)) return true;
    if (!victim.cannotMark || !v.surge.empty()) return false;
    if (v.keepers.empty()) return going_.at(v.name).size() == v.victims.size();
    // As its controller sees it, to which a pod of a silent node is Ready for a while.
    return !victim.pod->ready && std::all_of(v.keepers.begin(), v.keepers.end(),
                                             [](const Replica* keeper) { return keeper->ready; });
  }

  int leavingPods(const VariantState& v, const std::vector<const Replica*>& going) const {
    return static_cast<int>(std::count_if(going.begin(), going.end(),
                                          [&](const Replica* r) { return leaves(v, *r); }));
  }

  void deleteUnmarkable(const VariantState& v, const std::vector<const Replica*>& going) {
    for (const auto* victim : going) {
      const bool stays = !leaves(v, *victim);
      if (stays && victim->cannotMark && mustGo(*victim)) {
        step_.restarts.push_back({victim->pod});
      }
    }
  }

  // The groups at the end of the order, as far as they may go.
  static int leavingGroups(const VariantState& v, const std::vector<const Replica*>& going) {
    if (static_cast<int>(v.keepers.size()) < shareOf(v)) return 0;
    std::vector<const Replica*> alive = v.keepers;
    alive.insert(alive.end(), v.victims.begin(), v.victims.end());
    std::sort(alive.begin(), alive.end(),
              [](const Replica* a, const Replica* b) { return a->index > b->index; });
    int leaving = 0;
    for (const auto* group : alive) {
      const bool restarting = v.workload && v.highestTerminating < v.workload->replicas &&
                              v.highestTerminating > group->index;
      if (restarting || std::find(going.begin(), going.end(), group) == going.end()) break;
      ++leaving;
    }
    return leaving;
  }

  // One at a time, but for those that the law gives no more time.
  void restart(const VariantState& v, const std::vector<const Replica*>& going) {
    bool restarting = v.terminating > 0;
    for (const auto* victim : going) {
      if (!victim->unlawful && !victim->lost && !victim->cordoned) continue;
      if (victim->leave != Leave::Stay) continue;  // it would come back as what it is
      if (restarting && !mustGo(*victim)) continue;
      restarting = true;
      step_.restarts.push_back({victim->pod});
    }
  }

  void annotate(const VariantState& v, const std::vector<const Replica*>& going) {
    const auto check = [&](const Replica& replica, bool remove) {
      if (remove != marked(replica) || !tellsBreach(replica)) {
        step_.marks.push_back({replica.pod, remove, replica.unlawfulSince});
      }
    };
    for (const auto* keeper : v.keepers) check(*keeper, false);
    for (const auto* extra : v.surge) check(*extra, false);
    for (const auto* victim : v.victims) {
      check(*victim, std::find(going.begin(), going.end(), victim) != going.end());
    }
  }

  void wakeAtDeadlines(const VariantState& v) {
    for (const auto* list : {&v.keepers, &v.victims, &v.surge}) {
      for (const auto* replica : *list) wakeAtProgressDeadline(*replica);
    }
    if (!v.workload || v.workload->failureReason.empty()) return;
    const auto stuck = startDeadline(v.workload->failureSince, *plan_.deployment);
    if (now_ < stuck) wakeAt(stuck);
  }

  void wakeAtProgressDeadline(const Replica& replica) {
    if (replica.ready || replica.stuck || replica.lost) return;
    const auto since = std::max(replica.pod->readyChanged, replica.pod->meta.created);
    wakeAt(startDeadline(since, *plan_.deployment));
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
