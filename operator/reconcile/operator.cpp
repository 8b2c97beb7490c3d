#include "reconcile/operator.hpp"

#include <fmt/format.h>

#include "api/decode.hpp"
#include "api/labels.hpp"
#include "kube/backoff.hpp"
#include "log/log.hpp"

namespace bailiwick::reconcile {
namespace {

// Own status is debounced: pools change with every pod.
constexpr auto regionQuiet = std::chrono::seconds(1);
// Many deployments of one passport may come at once: its use is not written for each.
constexpr auto passportQuiet = std::chrono::milliseconds(200);
// So may plans, and each concerns every exit order.
constexpr auto exitQuiet = std::chrono::milliseconds(200);
// And the tables of deployments that change together.
constexpr auto gatewayQuiet = std::chrono::milliseconds(100);

// How often a start asks an API server that is away.
constexpr auto firstRetry = std::chrono::milliseconds(500);
constexpr auto lastRetry = std::chrono::seconds(10);
// A load balancer may ask an API server that lags behind; a restored etcd stays behind.
constexpr auto wentBackPatience = std::chrono::minutes(2);

// One for each queue but the first.
constexpr std::size_t specialWorkers = 5;

// A peer's objects change together.
constexpr auto importQuiet = std::chrono::milliseconds(100);

// A reconciliation is some dozen requests, each with a deadline of seconds.
constexpr std::chrono::minutes workerPatience{15};

// What one object makes go wrong stops no other: nothing that is thrown ends a worker.
template <class Reconcile>
kube::Outcome guarded(const Reconcile& reconcile, const api::Key& key, std::stop_token stop) {
  try {
    return reconcile(key, stop);
  } catch (const std::exception& error) {
    return kube::Terminal{Error{fmt::format("unexpected: {}", error.what())}};
  }
}

bool mayPass(const kube::ApiError& error) {
  using Kind = kube::TransportError::Kind;
  return error.retryable() && error.transport != Kind::Certificate &&
         error.transport != Kind::Credentials;
}

bool matters(const api::Node& a, const api::Node& b) {
  return a.meta.labels != b.meta.labels || a.unschedulable != b.unschedulable ||
         a.ready != b.ready || a.taints != b.taints || a.allocatable != b.allocatable ||
         a.meta.deleted != b.meta.deleted;
}

bool matters(const api::Pod& a, const api::Pod& b) {
  return a.node != b.node || a.terminated != b.terminated || a.ready != b.ready ||
         a.requests != b.requests || a.meta.deleted != b.meta.deleted ||
         a.meta.uid != b.meta.uid || a.meta.annotations != b.meta.annotations ||
         a.meta.labels != b.meta.labels || a.waitingReason != b.waitingReason ||
         a.waitingMessage != b.waitingMessage;
}

bool matters(const api::Region& a, const api::Region& b) {
  auto x = a, y = b;
  x.meta.resourceVersion = y.meta.resourceVersion;
  x.status = y.status;
  return !(x == y);
}

bool matters(const api::SovereigntyPolicy& a, const api::SovereigntyPolicy& b) {
  return a.meta.generation != b.meta.generation || a.meta.uid != b.meta.uid;
}

bool matters(const api::ModelPassport& a, const api::ModelPassport& b) {
  auto x = a, y = b;
  x.meta.resourceVersion = y.meta.resourceVersion;
  x.meta.finalizers = y.meta.finalizers;
  x.status = y.status;
  return !(x == y);
}

template <class T>
bool matters(const T& a, const T& b) {
  return a.meta.resourceVersion != b.meta.resourceVersion;
}

}  // namespace

Operator::Operator(OperatorConfig config, kube::Transport& transport)
    : config_(std::move(config)),
      transport_(transport),
      caches_(*config_.catalog),
      progress_(static_cast<std::size_t>(config_.workers) + specialWorkers) {
  kube::LeaderConfig lease;
  lease.ns = config_.ns;
  lease.name = "bailiwick-operator";
  lease.identity = config_.identity;
  election_ = std::make_unique<kube::LeaderElection>(
      lease, transport_,
      kube::LeaderElection::Callbacks{[this] { lead(); },
                                      [this] {
                                        log::error("leadership lost");
                                        fenced_ = true;
                                      }});
  fencedTransport_ = std::make_unique<kube::FencedTransport>(
      transport_, [this] { return leading(); }, election_->margin());
  events_ = std::make_unique<EventRecorder>(*fencedTransport_, config_.identity, serverTime());
  peers::HeartbeatConfig heartbeat;
  heartbeat.region = config_.region;
  heartbeat.identity = config_.identity;
  heartbeat_ =
      std::make_unique<peers::Heartbeat>(heartbeat, transport_, [this] { return role(); });
}

Operator::~Operator() { stop(); }

bool Operator::leading() const {
  return !fenced_ && (!config_.leaderElect || election_->isLeader());
}

// A process that does not see its own cluster, or hangs, must not tell the peers that it serves.
peers::HeartbeatFsm::Role Operator::role() const {
  using Role = peers::HeartbeatFsm::Role;
  if (!caches_.settled() || !notLive().empty()) return Role::Unfit;
  return leading() ? Role::Leader : Role::StandBy;
}

Result<void> Operator::start(std::stop_token stop) {
  const auto uid = clusterUid(stop);
  if (!uid) return tl::unexpected(uid.error());
  Planner::Config planner;
  planner.caches = &caches_;
  planner.catalog = config_.catalog;
  planner.settings = config_.settings;
  planner.region = config_.region;
  planner.now = serverTime();
  planner.changed = [this](const api::Key& key) { queue_.add(key); };
  planner.fleet = [this] {
    return peers_->any() ? std::make_shared<const fleet::FleetView>(peers_->view()) : nullptr;
  };
  planner.leading = [this] { return leading(); };
  planner.exits = &exitGate_;
  planner.planned = [this] { planned(); };
  planner.observer = config_.observer;
  planner.renderable = [this](const api::ModelDeployment& deployment, const api::Variant& variant,
                              const api::ModelPassport& passport) {
    const auto region = caches_.regions.store().get(api::Key{"", config_.region});
    if (!region) return std::optional<policy::Refusal>();
    return render::unrenderable(deployment, variant, passport, deployments_->environment(*region));
  };
  planner_ = std::make_unique<Planner>(std::move(planner));
  watched_ = planner_.get();
  makeControllers(*uid);
  watchDeployments();
  watchWorld();
  watchPolicies();
  watchRegions();
  caches_.start(transport_);
  heartbeat_->start();
  peers_->start();
  if (config_.leaderElect) {
    election_->start();
  } else {
    lead();
  }
  return {};
}

void Operator::makeControllers(const std::string& clusterUid) {
  const auto drained = [this](const plan::Drained& replica) {
    if (config_.observer) config_.observer->drained(replica);
  };
  makePeers(clusterUid);
  reader_ = std::make_unique<FreshReader>(*peers_);
  gateway_ = std::make_unique<GatewayController>(GatewayController::Config{
      fencedTransport_.get(), &caches_, planner_.get(),
      [this](const api::Region& region) { return deployments_->environment(region); },
      [this] { queue_.addAfter(GatewayController::name(), gatewayQuiet); }});
  deployments_ = std::make_unique<DeploymentController>(DeploymentController::Config{
      fencedTransport_.get(), &caches_, config_.catalog, planner_.get(), events_.get(),
      config_.sidecarImage, serverTime(), config_.gateway, gateway_.get(), reader_.get()});
  makeImports();
  regions_ = std::make_unique<RegionController>(RegionController::Config{
      fencedTransport_.get(), &caches_, planner_.get(), peers_.get(), config_.region, clusterUid,
      serverTime(), [this] { return exits_->heads(); }, [this] { return imports_->refusals(); },
      [this](const std::string& order, int records) { return exits_->growthProof(order, records); },
      [this](evidence::Countersignature& one, std::stop_token stop) {
        return exits_->countersign(one, std::move(stop));
      }});
  passports_ = std::make_unique<PassportController>(
      PassportController::Config{fencedTransport_.get(), &caches_, serverTime()});
  passports_->watch([this](const api::Key& key) { passportQueue_.addAfter(key, passportQuiet); });
  policies_ = std::make_unique<PolicyController>(PolicyController::Config{
      fencedTransport_.get(), &caches_, config_.catalog, planner_.get(), serverTime()});
  policies_->watch([this](const api::Key& key) { policyQueue_.add(key); });
  exits_ = std::make_unique<ExitController>(ExitController::Config{
      fencedTransport_.get(), &caches_, planner_.get(), &exitGate_, events_.get(), config_.ns,
      clusterUid, kube::ServerClock::systemTime,
      [this] { queue_.addAfter(api::Key{"", config_.region}, regionQuiet); }, drained,
      [this](const std::string& order) { return peers_->orders(order); }});
  exits_->watch([this](const api::Key& key) { exitQueue_.add(key); });
  drains_ = std::make_unique<DrainController>(
      DrainController::Config{fencedTransport_.get(), &caches_,
                              [this](const api::Pod& pod) { return exits_->records(pod); }, drained});
  drains_->watch([this](const api::Key& key) { drainQueue_.add(key); });
}

void Operator::makePeers(const std::string& clusterUid) {
  peers::Peers::Config peers;
  peers.region = config_.region;
  peers.home = fencedTransport_.get();
  peers.regions = &caches_.regions;
  peers.clusterUid = clusterUid;
  peers.dial = config_.dial;
  peers.now = serverTime();
  peers.leading = [this] { return leading(); };
  peers.changed = [this](const api::Key& deployment) {
    if (deployment.name.empty()) {
      planner_->poke();
      imports_->all([this](const api::Key& key) { importQueue_.addAfter(key, importQuiet); });
    } else {
      planner_->poke();
      importQueue_.addAfter(deployment, importQuiet);
    }
  };
  peers.ordersChanged = [this] {
    exits_->planned([this](const api::Key& key) { exitQueue_.addAfter(key, exitQuiet); });
  };
  peers.statusChanged = [this](const api::Key& region) {
    if (region.name == config_.region) {
      queue_.addAfter(region, regionQuiet);
    } else {
      queue_.add(region);
    }
  };
  peers_ = std::make_unique<peers::Peers>(std::move(peers));
}

void Operator::makeImports() {
  ImportController::Config imports;
  imports.transport = fencedTransport_.get();
  imports.caches = &caches_;
  imports.peers = peers_.get();
  imports.catalog = config_.catalog;
  imports.settings = config_.settings;
  imports.region = config_.region;
  imports.ns = config_.ns;
  imports.makesNamespaces = config_.makesNamespaces;
  imports.now = serverTime();
  imports.refusalsChanged = [this] {
    queue_.addAfter(api::Key{"", config_.region}, regionQuiet);
  };
  imports_ = std::make_unique<ImportController>(std::move(imports));
  imports_->watch([this](const api::Key& key) { importQueue_.addAfter(key, importQuiet); });
}

void Operator::stop() {
  {
    const std::lock_guard lock(leadMutex_);
    stopping_ = true;
  }
  heartbeat_->stop();
  // First the thread that makes the workers, then the workers; the lease is released last, when
  // nothing decided as leader is under way any more.
  leading_.request_stop();
  if (leading_.joinable()) leading_.join();
  queue_.shutdown();
  passportQueue_.shutdown();
  policyQueue_.shutdown();
  exitQueue_.shutdown();
  drainQueue_.shutdown();
  importQueue_.shutdown();
  workers_.clear();
  if (peers_) peers_->stop();
  if (planner_) planner_->stop();
  caches_.stop();
  if (config_.leaderElect) election_->stop();
}

void Operator::lead() {
  const std::lock_guard lock(leadMutex_);
  if (stopping_ || fenced_) return;
  leading_ = std::jthread([this](std::stop_token stop) { beginWork(stop); });
}

void Operator::beginWork(std::stop_token stop) {
  while (!stop.stop_requested() && !caches_.waitSettled(std::chrono::seconds(1), stop)) continue;
  if (stop.stop_requested()) return;
  log::info("leading", {{"region", config_.region}});
  for (std::size_t i = specialWorkers; i < progress_.size(); ++i) {
    workers_.emplace_back([this, i](std::stop_token own) {
      work(queue_, [this](const auto& key, auto halt) { return reconcile(key, halt); },
           progress_[i], own);
    });
  }
  workers_.emplace_back([this](std::stop_token own) {
    work(passportQueue_,
         [this](const auto& key, auto halt) { return passports_->reconcile(key, halt); },
         progress_[0], own);
  });
  workers_.emplace_back([this](std::stop_token own) {
    work(exitQueue_, [this](const auto& key, auto halt) { return exits_->reconcile(key, halt); },
         progress_[1], own);
  });
  workers_.emplace_back([this](std::stop_token own) {
    work(drainQueue_, [this](const auto& key, auto halt) { return drains_->reconcile(key, halt); },
         progress_[2], own);
  });
  workers_.emplace_back([this](std::stop_token own) {
    work(policyQueue_,
         [this](const auto& key, auto halt) { return policies_->reconcile(key, halt); },
         progress_[3], own);
  });
  workers_.emplace_back([this](std::stop_token own) {
    work(importQueue_,
         [this](const auto& key, auto halt) { return imports_->reconcile(key, halt); },
         progress_[4], own);
  });
  planner_->start();
  planner_->poke();
}

// The statuses that sum up a plan are debounced: it changes with every pod.
void Operator::planned() {
  queue_.addAfter(api::Key{"", config_.region}, regionQuiet);
  queue_.addAfter(GatewayController::name(), gatewayQuiet);
  for (const auto& policy : caches_.policies.store().snapshot()) {
    policyQueue_.addAfter(policy->meta.key, regionQuiet);
  }
  exits_->planned([this](const api::Key& key) { exitQueue_.addAfter(key, exitQuiet); });
}

std::string Operator::notReady() const {
  const auto now = std::chrono::steady_clock::now();
  std::string reasons;
  for (const auto* cache : caches_.all()) {
    const auto name = cache->resource().str();
    if (!cache->settled()) {
      reasons += fmt::format("waiting for {}: {}\n", name, cache->lastError());
    } else if (cache->silent(now)) {
      reasons += fmt::format("nothing heard of {}: {}\n", name, cache->lastError());
    }
  }
  return reasons;
}

std::string Operator::notLive(Progress::Clock::time_point now) const {
  std::string reasons;
  for (const auto* cache : caches_.all()) {
    const auto since = cache->wentBackSince();
    if (since && now - *since > wentBackPatience) reasons += cache->lastError() + "\n";
  }
  // Threads of a process that does not lead rest.
  const auto* watched = watched_.load();
  const auto planner = watched ? watched->stuck(now) : std::string();
  if (!planner.empty()) reasons += "the planner hangs: " + planner + "\n";
  for (const auto& progress : progress_) {
    const auto worker = progress.stuck(workerPatience, now);
    if (!worker.empty()) reasons += "a worker hangs: " + worker + "\n";
  }
  return reasons;
}

void Operator::work(kube::WorkQueue<>& queue, const Reconcile& reconcile, Progress& progress,
                    std::stop_token stop) {
  while (auto key = queue.get(stop)) {
    const auto begun = std::chrono::steady_clock::now();
    progress.begin("reconciling " + key->str(), begun);
    const auto outcome = guarded(reconcile, *key, stop);
    progress.rest();
    if (config_.observer) {
      config_.observer->reconciled(outcome, std::chrono::steady_clock::now() - begun);
    }
    if (stop.stop_requested()) return;
    if (const auto* retry = std::get_if<kube::Retry>(&outcome)) {
      log::warn("reconcile failed, retrying",
                {{"object", key->str()}, {"error", retry->error.message}});
    }
    if (const auto* terminal = std::get_if<kube::Terminal>(&outcome)) {
      log::error("reconcile failed",
                 {{"object", key->str()}, {"error", terminal->error.message}});
    }
    kube::settle(queue, *key, outcome);
  }
}

kube::Outcome Operator::reconcile(const api::Key& key, std::stop_token stop) {
  if (key == GatewayController::name()) return gateway_->reconcile(stop);
  if (!key.ns.empty()) return deployments_->reconcile(key, stop);
  return key.name == config_.region ? regions_->reconcile(stop)
                                    : regions_->reconcilePeer(key.name, stop);
}

void Operator::watchDeployments() {
  using Ptr = std::shared_ptr<const api::ModelDeployment>;
  caches_.deployments.addHandler(
      {[this](const Ptr& added) { planner_->poke(added->meta.key); },
       [this](const Ptr& before, const Ptr& after) {
         // Our own status writes change nothing that a plan depends on.
         if (before->meta.generation != after->meta.generation ||
             before->meta.uid != after->meta.uid || before->meta.deleted != after->meta.deleted ||
             before->meta.labels != after->meta.labels) {
           planner_->poke(after->meta.key);
         } else if (!(before->status == after->status)) {
           queue_.add(after->meta.key);
         }
       },
       [this](const Ptr& gone) { planner_->poke(gone->meta.key); }});
}

template <class T>
void Operator::watchOwned(kube::Informer<T>& informer) {
  using Ptr = std::shared_ptr<const T>;
  const auto poke = [this](const Ptr& object) {
    if (object->meta.labels.find(evidenceLabel)) return;
    if (GatewayController::owns(object->meta)) {
      queue_.addAfter(GatewayController::name(), gatewayQuiet);
      return;
    }
    const auto owner = ownerOf(object->meta).first;
    if (owner.name.empty()) {
      planner_->poke();
    } else {
      planner_->poke(owner);
    }
  };
  informer.addHandler({poke,
                       [poke](const Ptr& before, const Ptr& after) {
                         if (matters(*before, *after)) poke(after);
                       },
                       poke});
}

template <class T>
void Operator::watchIngredients(kube::Informer<T>& informer) {
  using Ptr = std::shared_ptr<const T>;
  const auto poke = [this](const Ptr&) { planner_->pokeAll(); };
  informer.addHandler({poke,
                       [poke](const Ptr& before, const Ptr& after) {
                         if (matters(*before, *after)) poke(after);
                       },
                       poke});
}

void Operator::watchExits() {
  using Order = std::shared_ptr<const api::ExitOrder>;
  const auto poke = [this](const Order&) { planner_->poke(); };
  caches_.exitOrders.addHandler({poke,
                                 [poke](const Order& before, const Order& after) {
                                   if (before->meta.generation != after->meta.generation ||
                                       before->meta.uid != after->meta.uid ||
                                       before->meta.deleted != after->meta.deleted ||
                                       before->status.phase != after->status.phase) {
                                     poke(after);
                                   }
                                 },
                                 poke});
}

void Operator::watchPolicies() {
  using Ptr = std::shared_ptr<const api::SovereigntyPolicy>;
  const auto poke = [this](const Ptr&) { planner_->poke(); };
  caches_.policies.addHandler({poke,
                               [poke](const Ptr& before, const Ptr& after) {
                                 if (matters(*before, *after)) poke(after);
                               },
                               poke});
}

void Operator::watchRegions() {
  using Ptr = std::shared_ptr<const api::Region>;
  const auto tell = [this](const Ptr& region) { peers_->regionChanged(region->meta.key.name); };
  caches_.regions.addHandler({tell,
                              [tell](const Ptr& before, const Ptr& after) {
                                if (matters(*before, *after)) tell(after);
                              },
                              tell});
}

void Operator::watchWorld() {
  watchIngredients(caches_.passports);
  watchIngredients(caches_.regions);
  watchIngredients(caches_.runtimeClasses);
  watchExits();
  watchIngredients(caches_.apiServer);
  caches_.leaderWorkerSets.onAvailability([this] { planner_->pokeAll(); });
  watchOwned(caches_.pods);
  watchOwned(caches_.nodes);
  watchOwned(caches_.workloads);
  watchOwned(caches_.leaderWorkerSets);
  watchOwned(caches_.services);
  watchOwned(caches_.configMaps);
  watchOwned(caches_.podDisruptionBudgets);
  watchOwned(caches_.networkPolicies);
  watchOwned(caches_.serviceAccounts);
  watchOwned(caches_.roles);
  watchOwned(caches_.roleBindings);
}

Result<std::string> Operator::clusterUid(std::stop_token stop) {
  kube::Backoff backoff(firstRetry, lastRetry);
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  for (;;) {
    const auto found = kube::read<api::GenericObject>(
        transport_, kube::get(kube::resources::namespaces, {"", "kube-system"}), stop,
        api::decodeGenericObject);
    if (found) return found->meta.uid;
    const auto& error = found.error();
    if (!mayPass(error) || stop.stop_requested()) {
      return fail(fmt::format("cannot read namespace kube-system of the cluster: {}",
                              error.message));
    }
    log::warn("the API server does not answer yet, retrying", {{"error", error.message}});
    never.wait_for(lock, stop, backoff.next(0.5), [] { return false; });
  }
}

}  // namespace bailiwick::reconcile
