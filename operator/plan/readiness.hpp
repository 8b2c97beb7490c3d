#pragma once
// Exit readiness: if one thing that deployments depend on went away now, would each of them find a
// lawful alternative with capacity that is free now, all of them together, in the order in which
// they take capacity? (Exit plans with feasible alternatives: DORA, Regulation (EU) 2022/2554,
// Art. 28(8).) Pure: memory of earlier answers only saves work.

#include <map>
#include <string>

#include "plan/exposure.hpp"
#include "plan/placement.hpp"

namespace bailiwick::plan {

class Readiness {
 public:
  // Fills in the answers of every deployment of this world's plan, sorted by dependency; one of which
  // nothing runs here has none. Dependencies of which neither the deployments nor the room for their
  // alternatives changed since the last call keep theirs.
  void update(const World& world, Plan& plan);

  // How many dependencies the last update answered anew.
  int recomputed() const { return recomputed_; }

 private:
  struct Known {
    Hash signature = 0;
    std::map<api::Key, Answer> answers;
  };
  void expose(const World& world, const Plan& plan);

  std::map<std::string, Exposure> exposures_;  // by deployment uid
  std::map<Dependency, Known> known_;
  int recomputed_ = 0;
};

}  // namespace bailiwick::plan
