#pragma once
// What each exit order may do to placement now: told by its controller once that is recorded, asked
// by the planner. Safe to use from many threads.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plan/leave.hpp"

namespace bailiwick::reconcile {

class ExitGate {
 public:
  // `force.order` is not kept. Whether that is another answer than before.
  bool set(const std::string& uid, const plan::ExitInForce& force);
  void forget(const std::string& uid);

  // The orders that exist and are no drill; one whose controller has not spoken since the start of
  // this process as unheard().
  std::vector<plan::ExitInForce> inForce(
      const std::vector<std::shared_ptr<const api::ExitOrder>>& orders) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, plan::ExitInForce> byUid_;
};

// Whether the order, no drill, has nothing left to move or to record.
bool hasEnded(const api::ExitOrderStatus& status);
// How an order acts by what its own status says: it keeps out what it targets, and freezes what it had
// begun to move, until that has left.
plan::ExitInForce unheard(const api::ExitOrderStatus& status);

}  // namespace bailiwick::reconcile
