#include "reconcile/planner.hpp"

#include <algorithm>
#include <utility>

#include "plan/exit_ready.hpp"

namespace bailiwick::reconcile {
namespace {

constexpr auto maxWithdrawal = std::chrono::hours(6);
// Its thread shows itself at least this often, and is given up on after so long a silence.
constexpr std::chrono::seconds longestWait{30};
constexpr std::chrono::minutes patience{5};

bool same(const policy::Objection& a, const policy::Objection& b);
bool same(const plan::VariantPlan& a, const plan::VariantPlan& b);
bool same(const plan::Replica& a, const plan::Replica& b);

template <class T>
bool sameAll(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const T& x, const T& y) { return same(x, y); });
}

bool same(const policy::Objection& a, const policy::Objection& b) {
  return a.effect == b.effect && a.message == b.message;
}

bool same(const plan::VariantPlan& a, const plan::VariantPlan& b) {
  return a.law.products == b.law.products && sameAll(a.law.objections, b.law.objections) &&
         a.share == b.share && a.offer == b.offer && a.cordoned == b.cordoned &&
         a.stuck == b.stuck && a.noRoomToSurge == b.noRoomToSurge && a.refusal == b.refusal &&
         a.groups == b.groups && a.leave == b.leave &&
         a.exits.size() == b.exits.size();
}

bool same(const plan::Replica& a, const plan::Replica& b) {
  return a.pod->meta.uid == b.pod->meta.uid && a.ready == b.ready && a.bound == b.bound &&
         a.terminating == b.terminating && a.lost == b.lost && a.cordoned == b.cordoned &&
         a.stuck == b.stuck && a.unlawful == b.unlawful && a.cannotMark == b.cannotMark &&
         a.leave == b.leave &&
         a.pod->meta.annotations == b.pod->meta.annotations;
}

bool sameOutcome(const plan::DeploymentPlan& a, const plan::DeploymentPlan& b) {
  return a.deployment->meta.uid == b.deployment->meta.uid && a.wanted == b.wanted &&
         a.assigned == b.assigned && a.onHold == b.onHold && a.refusal == b.refusal &&
         a.deployment->meta.generation == b.deployment->meta.generation &&
         plan::sameOutcome(a.fleet, b.fleet) &&
         sameAll(a.variants, b.variants) && sameAll(a.replicas, b.replicas) &&
         a.dependencies == b.dependencies;
}

}  // namespace

Planner::Planner(Config config) : config_(std::move(config)), fleet_(config_.region) {}

Planner::~Planner() { stop(); }

void Planner::start() {
  thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

void Planner::stop() {
  thread_.request_stop();
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Planner::poke() {
  const std::lock_guard lock(mutex_);
  dirty_ = true;
  wake_.notify_all();
}

void Planner::pokeAll() {
  const std::lock_guard lock(mutex_);
  dirty_ = all_ = true;
  wake_.notify_all();
}

void Planner::poke(const api::Key& key) {
  const std::lock_guard lock(mutex_);
  dirty_ = true;
  keys_.insert(key);
  wake_.notify_all();
}

void Planner::pokeAt(const api::Key& key, api::Time when) {
  const std::lock_guard lock(mutex_);
  pokeAtLocked(key, when);
}

void Planner::pokeAtLocked(const api::Key& key, api::Time when) {
  const auto [entry, isNew] = deadlines_.try_emplace(key, when);
  if (!isNew && entry->second <= when) return;
  entry->second = when;
  deadlinesChanged_ = true;
  wake_.notify_all();
}

void Planner::noteApply(const api::ModelDeployment& deployment, const api::Variant& variant,
                        int replicas, const std::string& refusal) {
  const std::lock_guard lock(mutex_);
  const VariantId id{deployment.meta.uid, variant.name};
  if (refusal.empty()) {
    if (refusals_.erase(id) == 0) return;
    dirty_ = true;
    keys_.insert(deployment.meta.key);
    wake_.notify_all();
    return;
  }
  const Attempt attempt{variant, deployment.spec.pod};
  const auto known = refusals_.find(id);
  const bool again = known != refusals_.end() && known->second.first == attempt;
  const auto since = again ? known->second.second.since : config_.now();
  refusals_[id] = {attempt, {since, replicas, refusal}};
  if (!again) pokeAtLocked(deployment.meta.key, plan::startDeadline(since, deployment));
}

void Planner::noteMark(const api::Key& deployment, const std::string& podUid, bool marked) {
  const std::lock_guard lock(mutex_);
  auto& unmarked = podMemory_.cannotMark;
  if (marked ? unmarked.erase(podUid) == 0 : !unmarked.insert(podUid).second) return;
  dirty_ = true;
  keys_.insert(deployment);
  wake_.notify_all();
}

decltype(plan::World::applyRefusals) Planner::applyRefusals() const {
  const std::lock_guard lock(mutex_);
  decltype(plan::World::applyRefusals) result;
  for (const auto& [id, refusal] : refusals_) result.emplace(id, refusal.second);
  return result;
}

plan::PodMemory Planner::podMemory() const {
  const std::lock_guard lock(mutex_);
  return podMemory_;
}

std::shared_ptr<const Planned> Planner::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void Planner::run(std::stop_token stop) {
  std::set<api::Key> keys;
  while (waitForWork(stop, keys)) {
    const auto begun = Clock::now();
    progress_.begin("planning", begun);
    replan(keys);
    keys.clear();
    // Planning may take a tenth of the time at most, however busy the cluster is.
    const auto pause = std::clamp<Clock::duration>(9 * (Clock::now() - begun), config_.quiet,
                                                   longestWait);
    progress_.begin("pausing after a plan");
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, pause, [] { return false; });
  }
  progress_.rest();
}

std::string Planner::stuck(Progress::Clock::time_point now) const {
  return progress_.stuck(patience, now);
}

bool Planner::waitForWork(std::stop_token stop, std::set<api::Key>& keys) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    progress_.begin("waiting for work");
    const auto now = config_.now();
    for (auto it = deadlines_.begin(); it != deadlines_.end();) {
      if (it->second > now) {
        ++it;
        continue;
      }
      keys_.insert(it->first);
      dirty_ = true;
      it = deadlines_.erase(it);
    }
    deadlinesChanged_ = false;
    if (dirty_) {
      dirty_ = false;
      reconcileAll_ = std::exchange(all_, false);
      keys.swap(keys_);
      return true;
    }
    std::chrono::microseconds wait = longestWait;
    for (const auto& [key, when] : deadlines_) {
      wait = std::min<std::chrono::microseconds>(wait, when - now);
    }
    wake_.wait_for(lock, stop, std::max<std::chrono::microseconds>(wait, config_.quiet),
                   [this] { return dirty_ || deadlinesChanged_; });
  }
  return false;
}

void Planner::replan(const std::set<api::Key>& keys) {
  auto next = std::make_shared<Planned>();
  next->gathered = Clock::now();
  next->snapshot = gather(*config_.caches, config_.region);
  next->at = config_.now();
  auto& world = next->world = worldOf(next->snapshot);
  world.catalog = config_.catalog;
  world.settings = &config_.settings;
  world.renderable = config_.renderable;
  world.now = next->at;
  forgiveChanged(next->snapshot);
  lookAtFleet(*next);
  world.withdrawn = withdrawn_;
  world.applyRefusals = applyRefusals();
  world.podMemory = podMemory();
  if (config_.exits) world.exits = config_.exits->inForce(next->snapshot.exitOrders);
  next->plan = place(world, next->snapshot);
  world.fleetMemory = nullptr;  // it goes on changing, the plan does not
  if (next->snapshot.region) {
    rememberPods(next->plan, next->snapshot);
    noteStuck(next->plan, next->at);
    forgetRefusals(next->plan);
    followFleet(*next);
  }
  if (config_.observer) config_.observer->planned(*next, Clock::now() - next->gathered);

  const auto before = current();
  {
    const std::lock_guard lock(mutex_);
    current_ = next;
  }
  for (const auto& key : keys) config_.changed(key);
  if (!next->snapshot.region) {
    for (const auto& deployment : next->snapshot.deployments) config_.changed(deployment->meta.key);
  }
  for (const auto& [key, plan] : next->plan.deployments) {
    if (plan.until) pokeAt(key, *plan.until);
    if (keys.contains(key)) continue;
    const auto old = before ? before->plan.deployments.find(key) : next->plan.deployments.end();
    const bool known = before && old != before->plan.deployments.end();
    if (reconcileAll_ || !known || !sameOutcome(old->second, plan)) config_.changed(key);
  }
  if (config_.planned) config_.planned();
}

plan::Plan Planner::place(plan::World& world, const Snapshot& snapshot) {
  auto plan = readiness_.place(world, drillsOf(snapshot));
  for (const auto& [key, deployment] : plan.deployments) {
    if (const auto until = plan::exitReadyOf(deployment, world.now).until) pokeAt(key, *until);
  }
  return plan;
}

// The view's clock is read last of all: what the caches show is never newer than its times.
void Planner::lookAtFleet(Planned& next) {
  if (!config_.fleet) return;
  next.snapshot.fleet = config_.fleet();
  if (!next.snapshot.fleet) return;
  auto& world = next.world;
  world.fleet = next.snapshot.fleet.get();
  fleet_.update(*world.fleet, world.deployments, next.at);
  if (config_.leading && !config_.leading()) fleet_.forgetHandovers();
  std::map<std::string, PeerAnswer> answers;
  {
    const std::lock_guard lock(mutex_);
    answers.swap(answers_);
  }
  for (const auto& [uid, answer] : answers) {
    const auto* course = fleet_.course(uid);
    if (!course) continue;
    const auto findings = fleet::findingsOf(answer.ticket, answer.spec, *course, answer.read);
    fleet_.answered(uid, findings, world.fleet->now);
  }
  world.fleetMemory = &fleet_;
}

void Planner::followFleet(const Planned& next) {
  if (!next.world.fleet) return;
  for (const auto& [key, deployment] : next.plan.deployments) {
    if (!deployment.fleet) continue;
    const auto& decision = deployment.fleet->decision;
    fleet_.keep(deployment.deployment->meta.uid, decision.handover);
    if (decision.wakeAt) pokeAt(key, next.at + (*decision.wakeAt - next.world.fleet->now));
  }
}

void Planner::noteAnswer(const api::ModelDeployment& deployment, PeerAnswer answer) {
  const std::lock_guard lock(mutex_);
  answers_[deployment.meta.uid] = std::move(answer);
  dirty_ = true;
  keys_.insert(deployment.meta.key);
  wake_.notify_all();
}

// Whoever changes what did not start wants it tried at once.
void Planner::forgiveChanged(const Snapshot& snapshot) {
  if (failures_.empty()) return;
  for (const auto& deployment : snapshot.deployments) {
    for (const auto& variant : deployment->spec.variants) {
      const VariantId id{deployment->meta.uid, variant.name};
      const auto failure = failures_.find(id);
      if (failure == failures_.end()) continue;
      if (failure->second.tried == Attempt{variant, deployment->spec.pod}) continue;
      failures_.erase(failure);
      withdrawn_.erase(id);
    }
  }
}

// What could not be judged this time is not forgiven.
void Planner::rememberPods(const plan::Plan& plan, const Snapshot& snapshot) {
  const std::lock_guard lock(mutex_);
  auto& [unlawfulSince, cannotMark] = podMemory_;
  for (const auto& [key, deployment] : plan.deployments) {
    for (const auto& replica : deployment.replicas) {
      const auto& uid = replica.pod->meta.uid;
      if (replica.unlawfulSince) {
        unlawfulSince[uid] = *replica.unlawfulSince;
      } else {
        unlawfulSince.erase(uid);
      }
    }
  }
  if (unlawfulSince.empty() && cannotMark.empty()) return;
  std::set<std::string> alive;
  for (const auto& pod : snapshot.pods) alive.insert(pod->meta.uid);
  std::erase_if(unlawfulSince, [&](const auto& entry) { return !alive.contains(entry.first); });
  std::erase_if(cannotMark, [&](const auto& uid) { return !alive.contains(uid); });
}

// A variant that does not start is withdrawn for its progress deadline, doubled each time.
void Planner::noteStuck(const plan::Plan& plan, api::Time now) {
  std::set<std::string> alive;
  for (const auto& [key, deployment] : plan.deployments) {
    const auto& uid = deployment.deployment->meta.uid;
    alive.insert(uid);
    for (const auto& v : deployment.variants) {
      const VariantId id{uid, v.variant->name};
      const bool ready = std::any_of(
          deployment.replicas.begin(), deployment.replicas.end(),
          [&](const plan::Replica& r) { return r.variant == v.variant->name && r.ready; });
      if (ready && !v.stuck) {
        failures_.erase(id);
        withdrawn_.erase(id);
      }
      const auto until = withdrawn_.find(id);
      if (!v.stuck || (until != withdrawn_.end() && now < until->second.until)) continue;
      auto& failure = failures_[id];
      const auto wait = deployment.deployment->spec.rollout.progressDeadline *
                        (1LL << std::min(failure.count, 16));
      failure = {failure.count + 1, {*v.variant, deployment.deployment->spec.pod}};
      withdrawn_[id] = {now + std::min<api::Time::duration>(wait, maxWithdrawal),
                        v.refusal ? v.refusal->message : ""};
      pokeAt(key, withdrawn_[id].until);
    }
  }
  std::erase_if(withdrawn_, [&](const auto& e) { return !alive.contains(e.first.first); });
  std::erase_if(failures_, [&](const auto& e) { return !alive.contains(e.first.first); });
}

// A refusal is of what is tried: where nothing is wanted of the variant it says nothing any more.
void Planner::forgetRefusals(const plan::Plan& plan) {
  std::set<VariantId> wanted;
  for (const auto& [key, deployment] : plan.deployments) {
    for (const auto& v : deployment.variants) {
      if (v.share > 0) wanted.emplace(deployment.deployment->meta.uid, v.variant->name);
    }
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(refusals_, [&](const auto& entry) { return !wanted.contains(entry.first); });
}

}  // namespace bailiwick::reconcile
