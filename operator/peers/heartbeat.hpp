#pragma once
// Tells the peers that this region serves: renews the Lease of its heartbeat on a thread of its own.
// It is apart from leader election, whose Lease takes longer to change hands than a region may be
// silent.

#include <functional>
#include <thread>

#include "kube/client.hpp"
#include "peers/heartbeat_fsm.hpp"

namespace bailiwick::peers {

class Heartbeat {
 public:
  // The transport is the unfenced one: a standby renews as well, and every write names the version
  // that it replaces. It outlives this object. `role` is asked before each turn.
  Heartbeat(HeartbeatConfig config, kube::Transport& transport,
            std::function<HeartbeatFsm::Role()> role);
  ~Heartbeat();

  void start();
  void stop();

 private:
  void run(std::stop_token stop);
  HeartbeatFsm::Action perform(const HeartbeatFsm::Get&, std::stop_token stop);
  HeartbeatFsm::Action perform(const HeartbeatFsm::Create& create, std::stop_token stop);
  HeartbeatFsm::Action perform(const HeartbeatFsm::Update& update, std::stop_token stop);
  HeartbeatFsm::Action perform(const HeartbeatFsm::Wait& wait, std::stop_token stop);
  HeartbeatFsm::Action written(kube::Request request, std::stop_token stop);
  HeartbeatFsm::Action failed(const kube::ApiError& error);

  const std::string name_;
  kube::Transport& transport_;
  std::function<HeartbeatFsm::Role()> role_;
  HeartbeatFsm fsm_;
  bool failing_ = false;  // told once
  std::jthread thread_;
};

}  // namespace bailiwick::peers
