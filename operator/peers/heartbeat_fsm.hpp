#pragma once
// Who renews the heartbeat of a region, as a finite state machine without I/O (protocols 5). The
// leading operator renews it always; a standby takes it over once nobody has renewed it for
// `takeOverAfter` by its own monotonic clock, and gives way as soon as somebody else has.

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "kube/lease.hpp"

namespace bailiwick::peers {

struct HeartbeatConfig {
  std::string region;
  std::string identity;  // unique per process
  std::chrono::milliseconds period{500};
  std::chrono::milliseconds takeOverAfter{2'200};  // with two periods it makes less than 3 s
  std::chrono::milliseconds refusedRetry{5'000};   // no namespace, no right: nothing that passes soon
};

// Always this namespace, wherever the operator itself runs: peers know it without being told.
inline constexpr char heartbeatNamespace[] = "bailiwick-system";
std::string heartbeatName(const std::string& region);

class HeartbeatFsm {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Role {
    Unfit,    // it does not serve: whoever waits for it must not be told that it does
    StandBy,  // fit, and another leads
    Leader,
  };

  struct Get {};
  struct Create {
    kube::Lease lease;  // times are filled in by the driver
  };
  struct Update {
    kube::Lease lease;  // with the resourceVersion that it replaces
  };
  struct Wait {
    std::chrono::milliseconds duration;
  };
  using Action = std::variant<Get, Create, Update, Wait>;

  explicit HeartbeatFsm(HeartbeatConfig config) : config_(std::move(config)) {}

  // Begins a turn; also after each Wait.
  Action attempt(Role role, Time now);
  Action got(const kube::Lease& lease, Time now);
  Action notFound(Time now);
  // The lease as the API server stored it.
  Action written(const kube::Lease& lease, Time now);
  // Any failure, a conflict included. `refused`: trying again soon is of no use.
  Action failed(bool refused);

 private:
  kube::Lease claim() const;
  void observe(const kube::Lease& lease, Time now);

  HeartbeatConfig config_;
  Role role_ = Role::Unfit;
  std::optional<kube::Lease> observed_;
  Time turnAt_{};
  std::optional<Time> changedAt_;  // of what was observed last, or since when there is none
  bool ours_ = false;              // what was observed is what we wrote last
};

}  // namespace bailiwick::peers
