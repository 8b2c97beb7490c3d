#include "peers/peer_connection.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <utility>

#include "fleet/word.hpp"
#include "kube/resource_version.hpp"
#include "log/log.hpp"
#include "peers/agreement.hpp"
#include "peers/heartbeat_fsm.hpp"

namespace bailiwick::peers {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds turnEvery{250};
// While it waits for a place, or for all of its objects.
constexpr milliseconds turnSoon{100};
// How long it may take a place: to begin everything, or to be asked for its heartbeat. Who hangs is waited
// for without one.
constexpr milliseconds beginFor{2'000};
constexpr milliseconds knockFor{150};
// A heartbeat is late: then it is asked for, as often as one should come.
constexpr milliseconds lateAfter{600};
constexpr milliseconds probeEvery{500};
// And waited for no longer than for a fraction of the shortest suspectAfter.
constexpr milliseconds probeLimit{500};
// Who was away for so long may have been replaced by a backup: a watch that goes on from a version of
// before shows nothing of what the backup lacks, and nothing at all until its versions have caught up.
// For so long no stream is cut that only waits for a slow link.
constexpr milliseconds awayAfter{3'000};

constexpr std::size_t maxUid = 64;  // as the CRD has it

kube::WatchConfig only(const api::Key& secret) {
  kube::WatchConfig config;
  config.resource = kube::resources::secrets;
  config.ns = secret.ns;
  config.fieldSelector = "metadata.name=" + secret.name;
  config.backoffMax = milliseconds{5'000};
  return config;
}

// As the region's own object says; empty: it does not.
std::string clusterUidOf(const PeerCaches& caches, const std::string& region) {
  const auto own = caches.regions.store().get(api::Key{"", region});
  return own && own->status.clusterUID.size() <= maxUid ? own->status.clusterUID : std::string();
}

}  // namespace

fleet::Mono monoOf(kube::SteadyTime time) {
  return std::chrono::duration_cast<fleet::Mono>(time.time_since_epoch());
}

PeerConnection::PeerConnection(Config config)
    : config_(std::move(config)),
      transport_(std::make_unique<PeerTransport>(PeerTransport::Limits{})),
      secret_(only(config_.access.credentialSecret), decodeCredentialSecret),
      lookup_(config_.resolve) {}

PeerConnection::~PeerConnection() { stop(); }

void PeerConnection::start() {
  startedAt_ = Clock::now();
  sightings_ = fleet::Sightings(monoOf(startedAt_));
  const auto& secret = config_.access.credentialSecret;
  if (secret.ns == heartbeatNamespace) {
    secret_.start(*config_.home);
  } else {
    problem_ = {"CredentialMissing",
                fmt::format("access.credentialSecret: must be in namespace {}, and is in {}",
                            heartbeatNamespace, secret.ns)};
  }
  thread_ = std::jthread([this](std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    while (!stop.stop_requested()) {
      turn(stop, Clock::now());
      std::unique_lock lock(mutex);
      never.wait_for(lock, stop, reached_ && !coming_ ? turnEvery : turnSoon, [] { return false; });
    }
  });
}

void PeerConnection::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  config_.approach->leave(this);
  secret_.stop();
  if (coming_) coming_->stop();
  if (shown_) shown_->stop();
}

PeerSight PeerConnection::sight() const {
  PeerSight sight;
  sight.region = config_.region;
  const std::lock_guard lock(mutex_);
  sight.caches = shown_;
  sight.sightings = sightings_;
  sight.contact = contact_;
  sight.lastHeartbeat = lastHeartbeat_;
  sight.warning = warning_;
  sight.credentialEnds = credentialEnds_;
  if (shown_) sight.clusterUid = clusterUidOf(*shown_, config_.region);
  return sight;
}

void PeerConnection::turn(std::stop_token stop, kube::SteadyTime now) {
  takeCredential(now);
  if (credential_) renew(*credential_, stop);
  turnCaches(now);
  look(std::move(stop), now);
}

bool PeerConnection::wantsCaches(kube::SteadyTime now) const {
  return !coming_ && (!shown_ || readAnew_ || shown_->wentBack(now));
}

void PeerConnection::turnCaches(kube::SteadyTime now) {
  if (!credential_) return;
  if (wantsCaches(now) && config_.approach->enter(this, now, beginFor)) {
    if (shown_) log::info("a peer is read anew", {{"region", config_.region}});
    readAnew_ = false;
    coming_ = makeCaches();
    coming_->start(*transport_);
  }
  if (!coming_ || !coming_->synced()) return;
  config_.approach->leave(this);
  auto before = std::exchange(coming_, nullptr);
  {
    const std::lock_guard lock(mutex_);
    std::swap(before, shown_);
  }
  if (before) before->stop();
  config_.changed({});
  config_.ordersChanged();
}

std::shared_ptr<PeerCaches> PeerConnection::makeCaches() {
  auto caches = std::make_shared<PeerCaches>(config_.region);
  const auto tell = [this](const auto& object) { config_.changed(object->meta.key); };
  caches->deployments.addHandler({tell,
                                  [this, tell](const auto& before, const auto& after) {
                                    if (!fleet::saysTheSame(*before, *after, config_.region)) {
                                      tell(after);
                                    }
                                  },
                                  tell});
  const auto said = [this](const auto& region) {
    config_.changed({});
    config_.regionSaid(region->meta.key.name);
  };
  caches->regions.addHandler(
      {said,
       [this, said](const auto& before, const auto& after) {
         const bool same = before->meta.generation == after->meta.generation &&
                           before->status.clusterUID == after->status.clusterUID;
         if (same) {
           config_.changed({});
         } else {
           said(after);
         }
       },
       said});
  const auto orders = [this](const auto&) { config_.ordersChanged(); };
  caches->exitOrders.addHandler(
      {orders, [orders](const auto&, const auto& after) { orders(after); }, orders});
  return caches;
}

void PeerConnection::look(std::stop_token stop, kube::SteadyTime now) {
  if (!problem_.reason.empty()) {
    const bool silent = problem_.reason == "Unreachable";
    return note(silent ? fleet::Look::Unreachable : fleet::Look::NotAsked, problem_, now);
  }
  if (!credential_) return;
  const auto& caches = coming_ ? coming_ : shown_;
  bool changed = false;
  if (caches) {
    caches->heartbeat.store().forEach(
        [&](const HeartbeatLease& seen) { changed = beat(seen.lease); });
  }
  const auto refusal = transport_->refusal();
  const Contact refused{refusal.empty() ? "" : "CredentialRefused", refusal};
  if (changed) return note(fleet::Look::Changed, refused, now);
  if (beatAt_ && now - *beatAt_ < lateAfter) return;
  if (probedAt_ && now - *probedAt_ < probeEvery) return;
  // Where many are late at once it may be us: who is not asked yet is not called silent either.
  if (!config_.approach->enter(this, now, knockFor)) return;
  probedAt_ = now;
  Contact answer;
  const auto look = probe(std::move(stop), answer);
  if (look) note(*look, answer, Clock::now());
}

// What a cache shows may be older than what was read since.
bool PeerConnection::beat(const kube::Lease& lease) {
  if (kube::notNewer(lease.resourceVersion, beatVersion_)) return false;
  beatVersion_ = lease.resourceVersion;
  auto text = lease.renewTime + " " + lease.holder;
  if (text == lastBeat_) return false;
  // What the first look shows may be a year old: only a change proves that somebody renews it.
  return !std::exchange(lastBeat_, std::move(text)).empty();
}

// An API server that answers no more than "Unauthorized" names nothing that could be mended.
std::string PeerConnection::refusedBy(const kube::ApiError& error) const {
  const auto& secret = config_.access.credentialSecret;
  const bool gone = secret_.synced() && !secret_.store().get(secret);
  return fmt::format("region {} refuses the credential of Secret {}{}: {}; kubectl bailiwick join "
                     "--credential there makes a new one",
                     config_.region, secret.str(), gone ? ", which exists no more" : "",
                     error.message);
}

std::optional<fleet::Look> PeerConnection::probe(std::stop_token stop, Contact& answer) {
  auto request =
      kube::get(kube::resources::leases, {heartbeatNamespace, heartbeatName(config_.region)});
  request.deadline = probeLimit;
  const auto lease =
      kube::read<kube::Lease>(*transport_, request, std::move(stop), kube::decodeLease);
  if (lease) {
    // A read is of etcd's quorum, which never goes back: a backup was put in its place.
    const auto order = kube::compareResourceVersions(lease->resourceVersion, beatVersion_);
    if (order && *order < 0) {
      readAnew_ = true;
      beatVersion_.clear();
      lastBeat_.clear();
    }
    return beat(*lease) ? fleet::Look::Changed : fleet::Look::Stale;
  }
  const auto& error = lease.error();
  using Kind = kube::ApiError::Kind;
  using Transport = kube::TransportError::Kind;
  if (error.transport == Transport::Cancelled) return std::nullopt;
  if (error.kind == Kind::NotFound) return fleet::Look::Stale;  // no operator began there yet
  const bool refused = error.kind == Kind::Unauthorized || error.kind == Kind::Forbidden;
  answer.detail = refused ? refusedBy(error) : error.message;
  // A page of something before it is no answer of an API server; where to a redirect leads nobody knows.
  const bool page = error.kind == Kind::Malformed && (error.status < 300 || error.status >= 400);
  const bool silent = page || error.kind == Kind::Timeout || error.kind == Kind::ServerError ||
                      error.kind == Kind::TooManyRequests ||
                      (error.kind == Kind::Transport && error.transport != Transport::Certificate &&
                       error.transport != Transport::Credentials);
  answer.reason = silent ? "Unreachable" : "CredentialRefused";
  return silent ? fleet::Look::Unreachable : fleet::Look::Refused;
}

Contact PeerConnection::stranger() const {
  // A region that was reached in another's place shows its Region objects and not that one's heartbeat.
  const auto& caches = shown_ ? shown_ : coming_;
  if (!caches || !caches->regions.synced()) return {};
  const auto& name = config_.region;
  const auto uid = clusterUidOf(*caches, name);
  if (!uid.empty() && uid == config_.ownUid) {
    return {"SameCluster", fmt::format("access.server of region {} leads to this very cluster", name)};
  }
  const auto self = selfOf(caches->regions.store().snapshot());
  if (!self.empty() && self != name) {
    return {"NameConflict",
            fmt::format("the operator of the cluster at {} says that it is region {}, not {}",
                        config_.access.server, self, name)};
  }
  const auto known = config_.knownUid();
  if (known.empty() || uid.empty() || known == uid) return {};
  return {"OtherCluster",
          fmt::format("the cluster that answers has uid {}, and region {} is {}; if it was made anew, "
                      "delete this Region object here and apply it again",
                      uid, name, known)};
}

void PeerConnection::note(fleet::Look look, Contact contact, kube::SteadyTime now) {
  reached_ = look != fleet::Look::Unreachable;
  if (!reached_ || !coming_) config_.approach->leave(this);
  const auto awaySince = unreachableSince_.value_or(now);
  const bool back = reached_ && now - awaySince >= awayAfter;
  // Of who was never reached before nothing was read that may be of before.
  if (back && everReached_) readAnew_ = true;
  if (reached_) {
    everReached_ = true;
    unreachableSince_.reset();
  } else {
    unreachableSince_ = awaySince;
  }
  const bool shutOut = look == fleet::Look::Refused && contact.reason == "CredentialRefused";
  if (shutOut || look == fleet::Look::Changed || look == fleet::Look::Stale) {
    auto wrong = stranger();
    const bool other = wrong.reason == "OtherCluster";
    // Who is shut out by a cluster that was made anew does not know how long it will be.
    if (!wrong.reason.empty() && !(shutOut && other)) {
      // One that we take for another is not dead: nothing may follow for the one that was meant.
      look = other ? fleet::Look::OtherCluster : fleet::Look::NotAsked;
      contact = std::move(wrong);
    }
  }
  if (look == fleet::Look::Changed) beatAt_ = now;
  {
    const std::lock_guard lock(mutex_);
    sightings_.look(look, monoOf(now));
    contact_ = std::move(contact);
    if (look == fleet::Look::Changed) lastHeartbeat_ = config_.now();
  }
  // What hung while it was away may hang for long.
  if (back) transport_->cutStreams(awaySince);
}

}  // namespace bailiwick::peers
