#pragma once
// From what runs to what is planned, one safe step at a time: replacement Ready first, then removal
// (protocols 2). Pure: the shell carries a step out and asks again when the world has changed.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plan/placement.hpp"

namespace bailiwick::plan {

// What a pod's annotations should say. Only pods whose annotations differ are listed.
struct Mark {
  const api::Pod* pod = nullptr;
  bool remove = false;                     // pod-deletion-cost: this one goes first
  std::optional<api::Time> unlawfulSince;  // absent: the annotation is taken away
};

// A LeaderWorkerSet always gives up its highest index. To be rid of another group its leader is
// deleted, and the group starts again on a lawful place. So is a Deployment's pod that the law gives
// no more time and that cannot be marked.
struct Restart {
  const api::Pod* pod = nullptr;  // a group's leader
};

struct Step {
  std::map<std::string, int> replicas;   // of each workload that there is or is to be, by runner
  std::vector<std::string> finished;     // runners whose objects can go: nothing runs of them
  std::vector<Mark> marks;
  std::vector<Restart> restarts;
  std::optional<api::Time> wakeAt;       // a deadline is due then, whether or not anything changes
  // Removing a replica waits for room that only a gap could make: the field that allows it.
  bool noRoomToSurge = false;
  // A workload's controller has not brought its latest template to all replicas yet.
  bool rolling = false;
  // Ready units by runner, those the spec no longer names included; the extra replica of a rolling
  // update is not counted.
  std::map<std::string, api::Units> ready;
  // Variants whose replicas take requests or are to: what a route table lists.
  std::set<std::string> serving;
};

// `workloads` by their runners' names.
Step nextStep(const DeploymentPlan& plan,
              const std::map<std::string, const api::Workload*>& workloads, api::Time now);

}  // namespace bailiwick::plan
