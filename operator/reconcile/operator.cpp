#include "reconcile/operator.hpp"

#include <fmt/format.h>

#include "log/log.hpp"
#include "reconcile/cluster_uid.hpp"

namespace bailiwick::reconcile {
namespace {

// A load balancer may ask an API server that lags behind; a restored etcd stays behind.
constexpr auto wentBackPatience = std::chrono::minutes(2);

// One for each queue but that of the deployments.
constexpr std::size_t specialWorkers = 5;

}  // namespace

Operator::Operator(OperatorConfig config, kube::Transport& transport)
    : config_(std::move(config)),
      transport_(transport),
      caches_(*config_.catalog),
      workers_(static_cast<std::size_t>(config_.workers) + specialWorkers, config_.observer) {
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
  const auto uid = clusterUid(transport_, stop);
  if (!uid) return tl::unexpected(uid.error());
  makePlanner();
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
  queues_.shutdown();
  workers_.stop();
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
  const auto start = [this](kube::WorkQueue<>& queue, auto& controller) {
    workers_.start(queue, [&controller](const api::Key& key, std::stop_token halt) {
      return controller.reconcile(key, halt);
    });
  };
  for (int i = 0; i < config_.workers; ++i) start(queues_.deployments, *this);
  start(queues_.passports, *passports_);
  start(queues_.policies, *policies_);
  start(queues_.exits, *exits_);
  start(queues_.drains, *drains_);
  start(queues_.imports, *imports_);
  planner_->start();
  planner_->poke();
}

// The statuses that sum up a plan are debounced: it changes with every pod.
void Operator::planned() {
  queues_.deployments.addAfter(api::Key{"", config_.region}, quiet::region);
  queues_.deployments.addAfter(GatewayController::name(), quiet::gateway);
  for (const auto& policy : caches_.policies.store().snapshot()) {
    queues_.policies.addAfter(policy->meta.key, quiet::region);
  }
  exits_->planned([this](const api::Key& key) { queues_.exits.addAfter(key, quiet::exit); });
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

std::vector<peers::PeerSight> Operator::peerSights() const {
  const auto* sighted = sighted_.load();
  return sighted ? sighted->sights() : std::vector<peers::PeerSight>();
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
  return reasons + workers_.stuck(now);
}

kube::Outcome Operator::reconcile(const api::Key& key, std::stop_token stop) {
  if (key == GatewayController::name()) return gateway_->reconcile(stop);
  if (!key.ns.empty()) return deployments_->reconcile(key, stop);
  return key.name == config_.region ? regions_->reconcile(stop)
                                    : regions_->reconcilePeer(key.name, stop);
}

}  // namespace bailiwick::reconcile
