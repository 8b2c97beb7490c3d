#pragma once
// Leader election on a Lease as a finite state machine without I/O. Whether another's lease has run
// out is judged as client-go does: by our own monotonic clock, since we last saw the record change.
// Ours is judged from the moment before the last successful renewal was sent.

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "kube/lease.hpp"

namespace bailiwick::kube {

struct LeaderConfig {
  std::string ns, name;
  std::string identity;  // unique per process
  std::chrono::milliseconds leaseDuration{15'000};
  std::chrono::milliseconds renewDeadline{10'000};
  std::chrono::milliseconds retryPeriod{2'000};

  // leaseDuration > renewDeadline > 1.2 * retryPeriod > 0, and names are set.
  Result<void> check() const;
};

class LeaderFsm {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Get {};
  struct Create {
    Lease lease;  // times are filled in by the driver
  };
  struct Update {
    Lease lease;  // with the resourceVersion it replaces
  };
  struct Wait {
    std::chrono::milliseconds duration;
  };
  using Action = std::variant<Get, Create, Update, Wait>;

  explicit LeaderFsm(LeaderConfig config) : config_(std::move(config)) {}

  // Begins an attempt; also after each Wait.
  Action attempt(Time now);
  Action got(const Lease& lease, double random, Time now);
  Action notFound(Time now);
  // The lease as the API server stored it.
  Action written(const Lease& lease, Time now);
  // Any failure of Get, Create or Update, a conflict included.
  Action failed(double random);
  // What to write to give the lease up, if it is ours.
  std::optional<Lease> release();

  // True from a successful write until renewDeadline after it was sent, or release.
  bool leading(Time now) const { return now < leadUntil_; }
  Time leadUntil() const { return leadUntil_; }
  // Empty: nobody, as far as is known.
  std::string observedHolder() const { return observed_ ? observed_->holder : std::string(); }

 private:
  Lease claim() const;
  Action claimNow(Time now);
  void observe(const Lease& lease, Time now);
  bool heldByAnother(Time now) const;

  LeaderConfig config_;
  std::optional<Lease> observed_;
  Time observedAt_{};
  Time sentAt_{};
  Time leadUntil_{};
  bool fresh_ = false;  // what was observed is what we wrote last
};

}  // namespace bailiwick::kube
