#pragma once
// The other regions of the fleet, as far as their Region objects say how to reach them: a connection
// for each, what is seen of them, and reads that no cache may answer.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "fleet/view.hpp"
#include "peers/peer_connection.hpp"
#include "peers/region_status.hpp"

namespace bailiwick::peers {

class Peers {
 public:
  struct Config {
    std::string region;               // our own
    kube::Transport* home = nullptr;  // our cluster, fenced
    const kube::Informer<api::Region>* regions = nullptr;  // of our cluster
    std::string clusterUid;           // of our cluster
    std::function<std::unique_ptr<kube::Transport>(kube::ClusterConfig)> dial;
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
  // A Region object came, changed or went.
  void regionsChanged();

  // Somebody can be reached, or is meant to be: the rules of the fleet apply.
  bool any() const;
  std::vector<PeerSight> sights() const;
  fleet::FleetView view() const;
  // What its status should say; nothing for a Region that is no peer.
  std::optional<api::RegionStatus> statusOf(const api::Region& region) const;
  // Whether the peers mean the same as we by our own Region object; nothing without peers.
  std::optional<Finding> agreementOnOwn(const api::Region& region) const;

  // The deployment of that name as each of these peers has it now: quorum reads, all at once, none
  // longer than a fraction of suspectAfter. Who did not answer with it is not in the result.
  std::map<std::string, std::shared_ptr<const api::ModelDeployment>> read(
      const api::Key& deployment, const std::vector<std::string>& peers, std::stop_token stop) const;

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
  void matchConnections();
  void judge();
  Peer connect(const api::Region& region);
  std::vector<Witness> witnesses(const std::string& region) const;
  std::shared_ptr<const fleet::PeerDeployments> deploymentsOf(const Peer& peer,
                                                              const PeerSight& sight) const;
  std::string knownUid(const std::string& region) const;

  Config config_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  bool changed_ = true;
  std::map<std::string, Peer> peers_;  // by region
  std::jthread thread_;
};

}  // namespace bailiwick::peers
