#pragma once
// The plan of a region together with its exit readiness, which policies may require of a placement.

#include <vector>

#include "plan/readiness.hpp"

namespace bailiwick::plan {

class ReadyPlanner {
 public:
  // Fills in world.exitReadiness: where a policy requires it, everything is placed as if it were
  // ready, and what that placement depends on is the answer by which it is then judged.
  Plan place(World& world, const std::vector<const api::ExitOrder*>& drills);

 private:
  Readiness supposed_, planned_;
};

}  // namespace bailiwick::plan
