#pragma once
// Whether a peer serves a deployment, asked as requests go there: through this region's own gateway,
// whose answer comes from a sidecar of the deployment (protocols 5, Handover).

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "api/meta.hpp"
#include "kube/credentials.hpp"
#include "kube/transport.hpp"

namespace bailiwick::peers {

class GatewayProbe {
 public:
  using Dial = std::function<std::unique_ptr<kube::Transport>(kube::ClusterConfig)>;

  // `name` is what the gateway's certificate is for, wherever `server` is.
  GatewayProbe(kube::ServerUrl server, std::string name, Dial dial);

  // `caBundle`: of one's own Region object's gateway, PEM as base64. A deployment that wants a key
  // answers that it does.
  bool answers(const std::string& caBundle, const std::string& peer, const api::Key& deployment,
               std::stop_token stop);

 private:
  std::shared_ptr<kube::Transport> transportFor(const std::string& caBundle);

  const kube::ServerUrl server_;
  const std::string name_;
  const Dial dial_;
  std::mutex mutex_;
  std::string caBundle_;  // of transport_
  std::shared_ptr<kube::Transport> transport_;
};

}  // namespace bailiwick::peers
