#pragma once
// ExitOrders and their evidence in a cluster.

#include <functional>
#include <string>

#include "api/exit_order.hpp"
#include "evidence/countersignature.hpp"
#include "plugin/cluster.hpp"

namespace bailiwick::plugin {

Outcome<api::ExitOrder> readOrder(Cluster& cluster, const std::string& name,
                                  std::stop_token stop);

// The order as it is, and each time it changes, until `seen` returns false.
Outcome<void> followOrder(Cluster& cluster, const std::string& name, std::stop_token stop,
                          const std::function<bool(const api::ExitOrder&)>& seen);

// The lines of an order's evidence, and what the order publishes of it. An order that is gone leaves
// its evidence; where several of that name have, `what` is the name of a chain's first ConfigMap.
struct Evidence {
  std::string lines, order;
  evidence::Known known;
};
Outcome<Evidence> readEvidence(Cluster& cluster, const std::string& what,
                               const std::string& systemNamespace, std::stop_token stop);

// What peers have signed of this chain or of its beginning, as the Region objects say.
Outcome<std::vector<evidence::Countersignature>> readCountersignatures(
    Cluster& cluster, const std::string& order, const evidence::Verdict& chain,
    std::stop_token stop);

}  // namespace bailiwick::plugin
