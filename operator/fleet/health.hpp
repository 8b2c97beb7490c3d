#pragma once
// How a peer is, judged by the observer's own monotonic clock from what it saw itself (protocols 5,
// Heartbeat). Pure: looks and times are parameters. Unknown is not gone: only silence that was
// watched counts, so that an observer that was stopped does not take its own sleep for a peer's death.

#include <chrono>
#include <optional>
#include <string_view>

#include "api/model_deployment.hpp"
#include "api/time.hpp"

namespace bailiwick::fleet {

enum class Health { Unknown, Live, Suspect, Lost, Returning, Cordoned };

// As status spells it.
std::string_view nameOf(Health health);
std::optional<Health> healthNamed(std::string_view name);

// What one look at a peer's heartbeat came to.
enum class Look {
  Changed,       // it answered, and the heartbeat is another one than before
  Stale,         // it answered, the heartbeat is the same, or absent
  Unreachable,   // timeout, connection refused, 5xx
  Refused,       // 401, 403, certificate error
  NotAsked,      // we have no way to it, for a reason of our own: as if refused, and it says nothing
  OtherCluster,  // it answered as a cluster of another uid: the one that we know is silent
};

// Of the observer's monotonic clock, since any moment.
using Mono = std::chrono::milliseconds;

struct Thresholds {
  api::Duration suspectAfter{4000}, lostAfter{10000}, failbackAfter{600000};
  friend bool operator==(const Thresholds&, const Thresholds&) = default;
};
// Those of Region.status.health.
inline constexpr Thresholds regionThresholds{};
Thresholds thresholdsOf(const api::FailoverSpec& failover);

enum class Why {
  HeartbeatSeen,
  NotSeenYet,
  Unreachable,
  OperatorDown,  // its API answers, its heartbeat stands still
  CredentialRefused,
  OtherCluster,
  FailbackPending,
  CordonedByHand,
};
// A reason of a condition.
std::string_view nameOf(Why why);

struct Judgement {
  Health health = Health::Unknown;
  Why why = Why::NotSeenYet;
  // Lost, or not back for long enough since: nobody counts on what it holds.
  bool out = false;
  // Lost by a silence that may be our own fault: nobody has taken its place by that.
  bool held = false;
  friend bool operator==(const Judgement&, const Judgement&) = default;
};

// Every look at one peer since this process watches it, added up.
class Sightings {
 public:
  explicit Sightings(Mono begun = {}) : lastLook_(begun) {}

  void look(Look look, Mono at);

  // Nothing until it was looked at once.
  std::optional<Mono> lookedAt() const {
    return looked_ ? std::optional(lastLook_) : std::nullopt;
  }
  // Live, Suspect, Lost or Unknown; the rest is Standing's.
  Judgement judge(const Thresholds& thresholds, Mono now) const;
  // It answered, whatever it said, within suspectAfter.
  bool answers(const Thresholds& thresholds, Mono now) const;
  // There is a way to it, or there was one.
  bool askable() const { return answered_ || !notAsked_; }
  // When its heartbeat was first seen here, or again after a refusal. Only who has been known for
  // lostAfter, and alive without a break, is counted on in a handover.
  std::optional<Mono> knownSince() const { return firstSeen_; }
  // When time alone may change a judgement next, if nothing more is seen; nothing: never.
  std::optional<Mono> changesAt(const Thresholds& thresholds, Mono now) const;

 private:
  Mono watched(Mono now) const;

  Mono lastLook_;
  std::optional<Mono> firstSeen_;
  Mono silence_{};     // watched, since the heartbeat changed
  Mono apiSilence_{};  // watched, since it answered
  bool looked_ = false, answered_ = false, seen_ = false, refused_ = false, otherCluster_ = false;
  bool notAsked_ = false;
};

// The standing of a peer with one deployment (or with the Region object), which has its own
// thresholds: what Sightings say, and besides Returning and Cordoned, which need memory.
class Standing {
 public:
  Standing() = default;
  // What status says from before a restart; `ago`: how long since `healthSince`.
  static Standing remembered(Health health, api::Duration ago, Mono now);

  // `holds`: nobody answers, or did until a moment ago, and it is taken for our own fault: who is Lost
  // by that does not have to return.
  Judgement update(const Sightings& sightings, const Thresholds& thresholds, bool cordoned, Mono now,
                   bool holds = false);
  const Judgement& judgement() const { return judgement_; }
  // When the failback window ends, while Returning.
  std::optional<Mono> returnsAt(const Thresholds& thresholds) const;
  // Since when it has been alive again, where it once was Suspect or Lost: it may have died in between,
  // and say at first what was so before that.
  std::optional<Mono> aliveAgainSince() const { return aliveAgainSince_; }

 private:
  Judgement judgement_;
  bool wasLost_ = false;                 // and has not come back since
  std::optional<Mono> returningSince_;  // and its time is not over
  bool silent_ = false;                  // it has not been alive since it was Suspect or Lost
  std::optional<Mono> aliveAgainSince_;
};

}  // namespace bailiwick::fleet
