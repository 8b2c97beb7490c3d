#pragma once
// The operator of one region: caches feed the planner, the planner names deployments, workers
// reconcile them while this process leads.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "kube/fenced_transport.hpp"
#include "kube/leader_election.hpp"
#include "kube/server_clock.hpp"
#include "peers/heartbeat.hpp"
#include "peers/peers.hpp"
#include "reconcile/deployment_controller.hpp"
#include "reconcile/drain_controller.hpp"
#include "reconcile/exit_controller.hpp"
#include "reconcile/gateway_controller.hpp"
#include "reconcile/import_controller.hpp"
#include "reconcile/passport_controller.hpp"
#include "reconcile/policy_controller.hpp"
#include "reconcile/queues.hpp"
#include "reconcile/region_controller.hpp"
#include "reconcile/workers.hpp"

namespace bailiwick::reconcile {

struct OperatorConfig {
  std::string region;
  std::string ns;        // of the leader election's Lease
  std::string identity;  // unique per process
  std::string sidecarImage;
  bool leaderElect = false;
  int workers = 4;
  const catalog::Catalog* catalog = nullptr;
  policy::Settings settings;
  Observer* observer = nullptr;
  std::optional<render::OwnGateway> gateway;
  // Where the operator itself reaches it; absent: what is given up is not probed through it.
  std::optional<kube::ServerUrl> gatewayAddress;
  bool makesNamespaces = false;  // for copies of peers' originals
  // The way to a peer's API server.
  std::function<std::unique_ptr<kube::Transport>(kube::ClusterConfig)> dial;
  // The way to one's own gateway, by the name of its Service.
  std::function<std::unique_ptr<kube::Transport>(kube::ClusterConfig)> dialGateway;
};

class Operator {
 public:
  Operator(OperatorConfig config, kube::Transport& transport);
  ~Operator();

  // Starts the caches and the election. Waits for an API server that is away; fails where waiting
  // would not help: credentials, a certificate, rights.
  Result<void> start(std::stop_token stop);
  // Stops and releases the lease.
  void stop();

  bool leading() const;
  // What keeps it from serving, one reason a line; empty: nothing.
  std::string notReady() const;
  // What only a restart of the process can mend, one reason a line; empty: nothing. Threads are
  // judged by the monotonic clock.
  std::string notLive(Progress::Clock::time_point now = Progress::Clock::now()) const;
  // Leadership was lost: the process must end, since what is under way was decided as leader.
  bool fenced() const { return fenced_; }
  const Caches& caches() const { return caches_; }
  // Each peer as it is seen now; none before start().
  std::vector<peers::PeerSight> peerSights() const;
  // Writes only while this process leads.
  kube::Transport& fencedTransport() { return *fencedTransport_; }
  // Ages and deadlines count from the API server's dates.
  std::function<api::Time()> serverTime() const {
    return [this] { return transport_.now(); };
  }

 private:
  void watchDeployments();
  void watchWorld();
  void watchExits();
  void watchPolicies();
  void watchRegions();
  void makePlanner();
  std::unique_ptr<peers::GatewayProbe> probe() const;
  void makeControllers(const std::string& clusterUid);
  void makePeers(const std::string& clusterUid);
  void makeImports();
  void planned();
  template <class T>
  void watchOwned(kube::Informer<T>& informer);
  // What every pod template is made of, beside the deployment itself.
  template <class T>
  void watchIngredients(kube::Informer<T>& informer);
  void lead();
  void beginWork(std::stop_token stop);
  kube::Outcome reconcile(const api::Key& key, std::stop_token stop);
  peers::HeartbeatFsm::Role role() const;

  OperatorConfig config_;
  kube::ServerClock transport_;
  Caches caches_;
  std::unique_ptr<kube::LeaderElection> election_;
  std::unique_ptr<kube::FencedTransport> fencedTransport_;
  std::unique_ptr<peers::Heartbeat> heartbeat_;
  std::unique_ptr<EventRecorder> events_;
  std::unique_ptr<Planner> planner_;
  std::atomic<const Planner*> watched_{nullptr};  // for notLive(), which may come before start()
  std::unique_ptr<peers::Peers> peers_;
  std::atomic<const peers::Peers*> sighted_{nullptr};  // for peerSights(), as watched_
  std::unique_ptr<FreshReader> reader_;
  std::unique_ptr<GatewayController> gateway_;
  std::unique_ptr<DeploymentController> deployments_;
  std::unique_ptr<RegionController> regions_;
  std::unique_ptr<ImportController> imports_;
  std::unique_ptr<PassportController> passports_;
  std::unique_ptr<PolicyController> policies_;
  ExitGate exitGate_;
  std::unique_ptr<ExitController> exits_;
  std::unique_ptr<DrainController> drains_;
  Queues queues_;
  std::atomic<bool> fenced_{false};
  std::mutex leadMutex_;  // lead() comes from the election's thread, stop() from another
  bool stopping_ = false;
  std::jthread leading_;
  Workers workers_;  // of the leading thread, and of stop() once it has ended
};

}  // namespace bailiwick::reconcile
