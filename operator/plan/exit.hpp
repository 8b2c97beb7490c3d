#pragma once
// The way out, as a state machine without I/O: from an exit order, what is recorded of it and the
// world as it is, to the records to write next and what may be done once they are written.

#include <optional>
#include <string>
#include <vector>

#include "evidence/record.hpp"
#include "plan/exit_journal.hpp"
#include "plan/exit_regions.hpp"
#include "plan/placement.hpp"

namespace bailiwick::plan {

// A PersistentVolumeClaim that was made for a replica's weights.
struct ClaimSeen {
  api::Key key;
  std::string uid, volume;  // the volume is empty until it is bound
  std::string deployment, variant;
};

// What was found of the objects that an order deletes, for the shares that have left.
struct PurgeView {
  std::set<std::string> present;  // what(…): to be deleted, or on their way
  std::map<std::string, std::string> residual;  // what(…) and why it cannot be seen to be gone
  bool complete = false;  // everything was looked at
};

struct ExitInput {
  const api::ExitOrder& order;
  const Journal& journal;
  const World& world;  // with this order, unless it is a drill or was seen only just now
  const Plan& plan;    // of that world
  std::string clusterUid;
  std::optional<api::Duration> skew;  // of our clock against the API server's; absent: not known
  std::vector<ClaimSeen> claims;
  std::optional<PurgeView> purge;
  api::Time now;
  std::vector<PeerOrder> peers = {};  // none: the region is alone
};

// More than this between our clock and the API server's, and a Stop waits.
inline constexpr std::chrono::minutes maxSkew{1};

struct ExitDecision {
  // To be written before anything of the rest is done. After a crash the first of them may be all that
  // is in the journal: nextExit goes on from there.
  std::vector<evidence::Entry> records;
  Journal after;                         // what the journal says then
  ExitInForce force;                     // how the order then acts on placement
  std::vector<const api::Pod*> release;  // recorded: they may go
  std::set<std::string> purge;           // what(…): recorded, to be deleted
  std::optional<api::Time> wakeAt;
  bool finished = false;  // nothing follows but the order's deletion
};

// Names of the Secrets that the replicas of a variant refer to: users', and never read.
std::set<std::string> secretsOf(const api::ModelDeployment& deployment, const std::string& variant);

ExitDecision nextExit(const ExitInput& input);

struct EvidenceState {
  std::optional<api::EvidenceRef> ref;
  std::string fingerprint;
};

// `journal` with the records of the last decision.
api::ExitOrderStatus exitStatusOf(const ExitInput& input, const Journal& journal,
                                  const EvidenceState& evidence);

// While its evidence cannot be read or written: what was said before, and why nothing goes on.
api::ExitOrderStatus withoutEvidence(const api::ExitOrder& order, const std::string& problem,
                                     api::Time now);

}  // namespace bailiwick::plan
