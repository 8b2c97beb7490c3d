#pragma once
// How the handover asks peers what they hold (protocols 5): operator/peers implements it.

#include <optional>
#include <stop_token>
#include <string>

#include "api/model_deployment.hpp"
#include "peers/peers.hpp"

namespace bailiwick::reconcile {

class PeerReader {
 public:
  virtual ~PeerReader() = default;

  // The deployment as that peer's cluster has it now: a quorum GET, no cache, no resourceVersion.
  // Nothing where it cannot be read, is another cluster's, or, where a gateway is configured, does not
  // answer a probe for this deployment.
  virtual std::optional<api::ModelDeployment> readAfresh(const std::string& peer,
                                                         const api::Key& deployment,
                                                         std::stop_token stop) = 0;
};

// Over the connections that there are anyway.
class FreshReader : public PeerReader {
 public:
  explicit FreshReader(const peers::Peers& peers) : peers_(peers) {}
  std::optional<api::ModelDeployment> readAfresh(const std::string& peer,
                                                 const api::Key& deployment,
                                                 std::stop_token stop) override;

 private:
  const peers::Peers& peers_;
};

}  // namespace bailiwick::reconcile
