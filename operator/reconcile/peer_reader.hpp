#pragma once
// How the handover asks peers what they hold (protocols 5): operator/peers implements it.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "api/model_deployment.hpp"
#include "catalog/catalog.hpp"
#include "peers/gateway_probe.hpp"
#include "peers/peers.hpp"

namespace bailiwick::reconcile {

class PeerReader {
 public:
  virtual ~PeerReader() = default;

  // The deployment as that peer's cluster has it now: a quorum GET, no cache, no resourceVersion.
  // Nothing where it cannot be read, is another cluster's, or, where a gateway is configured, does not
  // answer a probe for this deployment.
  virtual std::optional<api::ModelDeployment> readAfresh(const std::string& peer,
                                                         const api::ModelDeployment& ours,
                                                         std::stop_token stop) = 0;
};

// Over the connections that there are anyway. Without a probe this region has no gateway.
class FreshReader : public PeerReader {
 public:
  FreshReader(const peers::Peers& peers, const kube::Store<api::Region>& regions,
              const catalog::Catalog& catalog, std::string region,
              std::unique_ptr<peers::GatewayProbe> probe)
      : peers_(peers),
        regions_(regions),
        catalog_(catalog),
        region_(std::move(region)),
        probe_(std::move(probe)) {}
  std::optional<api::ModelDeployment> readAfresh(const std::string& peer,
                                                 const api::ModelDeployment& ours,
                                                 std::stop_token stop) override;

 private:
  bool serves(const std::string& peer, const api::ModelDeployment& ours, std::stop_token stop);

  const peers::Peers& peers_;
  const kube::Store<api::Region>& regions_;
  const catalog::Catalog& catalog_;
  const std::string region_;
  const std::unique_ptr<peers::GatewayProbe> probe_;
};

}  // namespace bailiwick::reconcile
