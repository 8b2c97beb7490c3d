#pragma once
// One peer: its credential, the way to it, what is cached of it, and whether it lives. A thread of its
// own looks after it four times a second.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "fleet/health.hpp"
#include "kube/client.hpp"
#include "kube/credentials.hpp"
#include "kube/tls.hpp"
#include "peers/approach.hpp"
#include "peers/credential.hpp"
#include "peers/lookup.hpp"
#include "peers/peer_caches.hpp"
#include "peers/peer_transport.hpp"

namespace bailiwick::peers {

fleet::Mono monoOf(kube::SteadyTime time);

// What a person is told of the way to a peer.
struct Contact {
  std::string reason;  // of the condition Reachable; empty: what health says is all
  std::string detail;
  friend bool operator==(const Contact&, const Contact&) = default;
};

// One peer as it is seen at one moment.
struct PeerSight {
  std::string region;
  std::shared_ptr<const PeerCaches> caches;  // nullptr until all has come once
  fleet::Sightings sightings;
  Contact contact;
  std::optional<api::Time> lastHeartbeat;    // when it was last seen to change, by one's own clock
  std::string clusterUid;                    // as its own Region object says; empty: not known
  std::string warning;                       // what a person should know of the credential
  std::optional<api::Time> credentialEnds;   // nothing: there is none, or nobody can tell
};

class PeerConnection {
 public:
  struct Config {
    std::string region;  // the peer's
    api::Access access;
    kube::Transport* home = nullptr;  // one's own cluster, fenced
    Approach* approach = nullptr;     // of all peers
    std::function<std::unique_ptr<kube::Transport>(kube::ClusterConfig)> dial;
    Resolve resolve;
    std::function<api::Time()> now;
    // Something that was read of the peer changed; on its caches' threads. A key without a name: more
    // than one deployment may be concerned.
    std::function<void(const api::Key& deployment)> changed;
    std::function<void()> ordersChanged;
    // Its Region object of that name has another spec or is of another cluster than before.
    std::function<void(const std::string& region)> regionSaid;
    std::function<bool()> leading;
    // The uid of the cluster that is known by the peer's name; empty: none is yet.
    std::function<std::string()> knownUid;
    std::string ownUid;  // of one's own cluster
  };

  explicit PeerConnection(Config config);
  ~PeerConnection();

  void start();
  void stop();

  const api::Access& access() const { return config_.access; }
  PeerSight sight() const;
  // For reads that no cache may answer.
  kube::Transport& transport() { return *transport_; }
  // One turn of the thread.
  void turn(std::stop_token stop, kube::SteadyTime now);

 private:
  void takeCredential(kube::SteadyTime now);
  // Where it is to be dialled; nothing: its name is still being looked up. With the name in the place
  // of an address: it has none.
  std::optional<Result<kube::ClusterConfig>> site();
  void connect(const Credential& credential, Result<kube::ClusterConfig> cluster);
  void renew(const Credential& credential, std::stop_token stop);
  kube::ApiResult<std::string> requestToken(const Credential& credential, std::stop_token stop);
  void turnCaches(kube::SteadyTime now);
  std::shared_ptr<PeerCaches> makeCaches();
  void look(std::stop_token stop, kube::SteadyTime now);
  bool beat(const kube::Lease& lease);
  std::string refusedBy(const kube::ApiError& error) const;
  // Nothing: it was broken off. What went wrong is put into `answer`.
  bool wantsCaches(kube::SteadyTime now) const;
  std::optional<fleet::Look> probe(std::stop_token stop, Contact& answer);
  void note(fleet::Look look, Contact contact, kube::SteadyTime now);
  // What is wrong with who answers; an empty reason: nothing.
  Contact stranger() const;

  Config config_;
  std::unique_ptr<PeerTransport> transport_;
  kube::Informer<CredentialSecret> secret_;  // one's own
  // Of the thread only.
  std::string connectedWith_;  // resourceVersion of the Secret
  std::optional<Credential> credential_;
  std::optional<kube::Lapse> authority_;  // of the bundle that the peer is verified with
  Lookup lookup_;
  Addresses addresses_;  // that its name had last
  std::size_t attempt_ = 0;
  std::optional<kube::SteadyTime> dialledAt_, probedAt_, renewedAt_, beatAt_, unreachableSince_;
  kube::SteadyTime startedAt_{};
  bool reached_ = false;      // it answered when it was looked at last
  bool everReached_ = false;
  std::string lastBeat_, beatVersion_;  // of the newest heartbeat, and its resourceVersion
  Contact problem_;  // why there is no way to it
  std::shared_ptr<PeerCaches> coming_;  // being filled; becomes what is shown
  bool readAnew_ = false;               // what is shown may be of before a restored backup
  mutable std::mutex mutex_;
  std::shared_ptr<PeerCaches> shown_;
  fleet::Sightings sightings_;
  Contact contact_;
  std::optional<api::Time> lastHeartbeat_;
  std::string warning_;
  std::optional<api::Time> credentialEnds_;
  std::jthread thread_;
};

}  // namespace bailiwick::peers
