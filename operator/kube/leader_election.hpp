#pragma once
// Runs LeaderFsm on a thread of its own.

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "kube/error.hpp"
#include "kube/leader_fsm.hpp"
#include "kube/request.hpp"
#include "kube/transport.hpp"

namespace bailiwick::kube {

class LeaderElection {
 public:
  struct Callbacks {
    // On the election's thread. `started` must return soon; a process that has `lost` the lease,
    // other than by stop(), best exits: what it has under way was decided as leader.
    std::function<void()> started;
    std::function<void()> lost;
  };

  // The transport is the unfenced one and outlives this object.
  LeaderElection(LeaderConfig config, Transport& transport, Callbacks callbacks);
  // Stops, and releases the lease where it is held.
  ~LeaderElection();

  void start();
  void stop();

  // To be asked before each write. False once renewDeadline has passed by the monotonic clock
  // since the last successful renewal was sent, whatever the thread is doing.
  bool isLeader() const;
  // leaseDuration - renewDeadline: how long a write begun as leader may last.
  std::chrono::milliseconds margin() const;

 private:
  void run(std::stop_token stop);
  LeaderFsm::Action perform(const LeaderFsm::Get&, std::stop_token stop);
  LeaderFsm::Action perform(const LeaderFsm::Create& create, std::stop_token stop);
  LeaderFsm::Action perform(const LeaderFsm::Update& update, std::stop_token stop);
  LeaderFsm::Action perform(const LeaderFsm::Wait& wait, std::stop_token stop);
  LeaderFsm::Action written(Request request, std::stop_token stop);
  LeaderFsm::Action failed(const ApiError& error);
  Request timed(Request request) const;
  void publish();
  void releaseLease();
  bool released(const Lease& lease);

  LeaderConfig config_;
  Transport& transport_;
  Callbacks callbacks_;
  LeaderFsm fsm_;
  std::function<double()> random_;
  bool wasLeading_ = false;
  std::atomic<LeaderFsm::Time::rep> leadUntil_{0};
  std::jthread thread_;
};

}  // namespace bailiwick::kube
