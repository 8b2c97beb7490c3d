#pragma once
// The other regions of the fleet, as far as their Region objects say how to reach them: a connection
// for each, what is seen of them, and reads that no cache may answer.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "fleet/import.hpp"
#include "fleet/view.hpp"
#include "peers/peer_connection.hpp"
#include "peers/region_status.hpp"
#include "plan/exit_regions.hpp"

namespace bailiwick::peers {

class Peers {
 public:
  struct Config {
    std::string region;               // our own
    kube::Transport* home = nullptr;  // our cluster, fenced
    const kube::Informer<api::Region>* regions = nullptr;  // of our cluster
    std::string clusterUid;           // of our cluster
    std::function<std::unique_ptr<kube::Transport>(kube::ClusterConfig)> dial;
    Resolve resolve = resolveBySystem;
    std::function<api::Time()> now;
    std::function<bool()> leading;
    // What plans depend on changed; without a name: more than one deployment may be concerned.
    std::function<void(const api::Key& deployment)> changed;
    std::function<void()> ordersChanged;
    std::function<void(const api::Key& region)> statusChanged;  // of a peer's Region object
  };

  explicit Peers(Config config);
  ~Peers();

  void start();
  void stop();
  // The Region object of this name came, changed or went.
  void regionChanged(const std::string& region);

  // Somebody can be reached, or is meant to be: the rules of the fleet apply.
  bool any() const;
  std::vector<PeerSight> sights() const;
  fleet::FleetView view() const;
  // What its status should say; nothing for a Region that is no peer.
  std::optional<api::RegionStatus> statusOf(const api::Region& region) const;
  // Whether the peers mean the same as we by our own Region object; nothing without peers.
  std::optional<Finding> agreementOnOwn(const api::Region& region) const;

  // What each peer has of an ExitOrder's name.
  std::vector<plan::PeerOrder> orders(const std::string& order) const;
  // Our own heads of evidence, with the peers that have recorded them.
  std::vector<api::EvidenceHead> countersigned(std::vector<api::EvidenceHead> own) const;
  // What each peer has of a name, for imports.
  std::vector<fleet::OriginView> origins(const api::Key& deployment) const;
  // Every name that any of them has.
  std::vector<api::Key> deploymentNames() const;
  // The uids of all that they have.
  std::set<std::string> deploymentUids() const;
  // The deployment as that peer has it now, as JSON: what etcd's quorum has, and no cache.
  kube::ApiResult<std::string> readOriginal(const std::string& peer, const api::Key& deployment,
                                            std::stop_token stop) const;

  // The same, read; nothing where the peer did not answer with it within two seconds, or is not whom it
  // is taken for.
  std::optional<api::ModelDeployment> readAfresh(const std::string& peer,
                                                 const api::Key& deployment,
                                                 std::stop_token stop) const;

 private:
  struct Peer {
    std::shared_ptr<PeerConnection> connection;
    fleet::Standing standing;
    fleet::Judgement judgement;
    std::string shown;  // what its status was last asked for with
    mutable std::shared_ptr<const fleet::PeerDeployments> deployments;
    mutable const PeerCaches* deploymentsOf = nullptr;
    mutable std::uint64_t deploymentsAt = 0;
  };

  void run(std::stop_token stop);
  bool isPeer(const api::Region& region) const;
  void matchConnections();
  void judge();
  void restate(const std::string& region);
  Peer connect(const api::Region& region);
  std::shared_ptr<PeerConnection> connectionTo(const std::string& peer) const;
  std::vector<Witness> witnesses(const std::string& region) const;
  std::shared_ptr<const fleet::PeerDeployments> deploymentsOf(const Peer& peer,
                                                              const PeerSight& sight) const;
  std::string knownUid(const std::string& region) const;

  Config config_;
  Approach approach_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  bool changed_ = true;
  std::set<std::string> restate_;  // regions of which somebody says something else than before
  std::map<std::string, Peer> peers_;  // by region
  std::jthread thread_;
};

}  // namespace bailiwick::peers
