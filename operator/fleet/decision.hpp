#pragma once
// What one region does about one deployment of the fleet now: its part of the allocation, by the
// handover. The operator and the simulator (tests/sim) run exactly this.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/allocate.hpp"
#include "fleet/memory.hpp"

namespace bailiwick::fleet {

// What is so here and now.
struct Here {
  const api::ModelDeployment& deployment;  // its status: what we published last
  std::string_view region;
  bool cordoned = false;
  std::vector<api::VariantOffer> offer{};  // fresh
  const std::vector<api::Price>* prices = nullptr;
  const std::vector<api::PoolStatus>* pools = nullptr;
  Counts running{}, ready{};  // what runs; what of it is Ready and may be
  bool paused = false;    // what runs stays as it is
  bool mayShrink = true;  // false: what runs may be more than is asked for, until somebody says so
  // A live peer's spec, which is another, would not let it be here: nothing new.
  bool foreignSpecForbids = false;
  api::Units former = 0;  // what is Ready, and may be, of variants that have left the spec
};

// A peer as this deployment sees it. Those that the law keeps out of its domain are not among them.
struct PeerInput {
  const Peer* peer = nullptr;
  const PeerCourse* course = nullptr;
  // As Here has it, of this peer: what it has stands, nothing new goes there.
  bool foreignSpecForbids = false;
};

struct Decision {
  Counts run;              // replicas that are to run here, by variant
  api::Units units = 0;    // that are to be served here until others are known to serve them
  Counts publish;          // the share to be told
  std::optional<Inquiry> inquiry;
  std::optional<Mono> wakeAt;
  Handover handover;       // as it is when this decision is carried out
  // Units that others are to take, or nobody can: kept free here against lower priorities.
  api::Units pending = 0;
  bool isolated = false;   // no peer answers, in a fleet of three or more: what is held stays
  bool awaiting = false;   // peers have not spoken about this spec yet
  std::vector<std::string> lost;      // peers of the domain that are Lost
  std::vector<std::string> diverged;  // those that are not, and whose spec is another
  // Of a settled view only: what peers that are Live come to.
  std::map<std::string, Counts> elsewhere;
};

Decision decide(const Here& here, const Course& course, const std::vector<PeerInput>& peers,
                const FleetView& view);

// What came of an inquiry about this spec, to which these objects of peers, freshly read, are the
// answer. Nothing is counted of one whose numbers run backwards, whose spec has become another, or who
// is not Live any more.
Findings findingsOf(std::uint64_t ticket, const api::ModelDeploymentSpec& spec, const Course& course,
                    const std::vector<std::pair<std::string, api::ModelDeployment>>& read);

}  // namespace bailiwick::fleet
