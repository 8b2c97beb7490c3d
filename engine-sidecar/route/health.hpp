#pragma once
// What is known about one backend: from probes, and from the requests that it served.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "config/config.hpp"

namespace bailiwick::sidecar {

using Instant = std::chrono::steady_clock::time_point;

enum class HealthState {
  Unknown,  // is probed and has not answered yet; used only where nothing better is left
  Healthy,
  Recovering,  // takes a growing share
  Ejected,     // failed requests in a row, or cannot be reached; used only where nothing better is
               // left
  Down,        // fails its probes; never used
};

enum class ProbeResult {
  Passed,
  Failed,   // too slow, or an answer that says no
  Refused,  // nothing listens
};

// Whether an answer counts against the backend: it could not serve at all. A 500 may be the
// request's own fault, and a 429 is a healthy server's.
bool isServerFault(int status);

// May be shared by threads: each member is atomic by itself, and a lost race costs one count.
class Health {
 public:
  // `probed`: unknown until the first probe. Others are healthy until requests fail.
  Health(const Outliers& settings, bool probed);

  void probe(ProbeResult result, Instant now);
  // Of a backend that is not one's own engine: whether a connection to it can be made.
  void reach(bool reachable, Instant now);
  void succeeded();          // an answer that is no server fault has begun
  void failed(Instant now);  // no connection, a broken or late answer, a server fault

  HealthState state(Instant now) const;
  // (0, 1]: which part of its share it takes, 1 but for slow start.
  double ramp(Instant now) const;
  // While it is ejected.
  std::optional<Instant> ejectedUntil(Instant now) const;

 private:
  using Ticks = Instant::rep;

  const Outliers settings_;
  std::atomic<HealthState> probed_;  // Unknown, Healthy or Down
  std::atomic<bool> unreachable_{false};
  std::atomic<int> failedProbes_{0};
  std::atomic<int> errors_{0};  // in a row
  std::atomic<Ticks> ejectedUntil_;
  std::atomic<Ticks> rampFrom_;
};

}  // namespace bailiwick::sidecar
