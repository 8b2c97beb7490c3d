#pragma once
// How a sidecar goes (protocols 4): it fails its readiness at once, still admits for the lame-duck
// time because endpoints lag, then counts what is in flight and lets it finish until the timeout.
// For one thread at a time.

#include <cstdint>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "route/health.hpp"

namespace bailiwick::sidecar {

enum class DrainState { Serving, LameDuck, Draining, Drained };

struct DrainReport {
  std::int64_t inFlightAtDrain = 0, completed = 0, cut = 0;

  // {"inFlightAtDrain":20,"completed":20,"cut":0}
  std::string json() const;
  friend bool operator==(const DrainReport&, const DrainReport&) = default;
};

enum class Ending {
  Completed,  // answered to its end, or its client went away
  Cut,        // broken off before its end, by the timeout or by the engine
};

class Drain {
 public:
  explicit Drain(const DrainSettings& settings);

  // POST /drain. Once it has begun, nothing changes it.
  void begin(Instant now);
  // SIGTERM: what has not begun to drain refuses at once; a lame duck goes on.
  void terminate(Instant now);

  DrainState state() const { return state_; }
  bool ready() const { return state_ == DrainState::Serving; }
  bool admits() const { return state_ == DrainState::Serving || state_ == DrainState::LameDuck; }

  // Each request that admits() let in, waiting ones included, is told twice.
  void started();
  void ended(Ending ending);

  // When tick() has something to do: the end of the lame-duck time, or the timeout.
  std::optional<Instant> deadline() const;
  void tick(Instant now);
  // The timeout is over and requests are still there: break them off, then tell their endings.
  bool mustCut(Instant now) const;

  std::int64_t inFlight() const { return inFlight_; }
  // Final once Drained.
  const DrainReport& report() const { return report_; }

 private:
  void count(Instant at);

  const DrainSettings settings_;
  DrainState state_ = DrainState::Serving;
  Instant until_{};
  std::int64_t inFlight_ = 0;
  DrainReport report_;
};

}  // namespace bailiwick::sidecar
