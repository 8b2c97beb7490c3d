#pragma once
// What waits to be reconciled: a queue for each kind of work, so that none waits behind another.

#include <chrono>

#include "kube/work_queue.hpp"

namespace bailiwick::reconcile {

struct Queues {
  kube::WorkQueue<> deployments;  // ModelDeployments, Regions, and the gateway
  kube::WorkQueue<> passports;    // ModelPassports
  kube::WorkQueue<> policies;     // SovereigntyPolicies
  kube::WorkQueue<> exits;        // ExitOrders
  kube::WorkQueue<> imports;      // ModelDeployments, here and in peers
  kube::WorkQueue<> drains;       // pods that wait for their report

  void shutdown() {
    for (auto* queue : {&deployments, &passports, &policies, &exits, &imports, &drains}) {
      queue->shutdown();
    }
  }
};

// For how long what changes in bursts is left alone, to be looked at once.
namespace quiet {

// Own status: pools change with every pod.
constexpr auto region = std::chrono::seconds(1);
// Many deployments of one passport may come at once: its use is not written for each.
constexpr auto passport = std::chrono::milliseconds(200);
// So may plans, and each concerns every exit order.
constexpr auto exit = std::chrono::milliseconds(200);
// And the tables of deployments that change together.
constexpr auto gateway = std::chrono::milliseconds(100);
// A peer's objects change together.
constexpr auto import = std::chrono::milliseconds(100);

}  // namespace quiet

}  // namespace bailiwick::reconcile
