#pragma once
// What becomes of one name in this cluster, given what the peers have of it (protocols 5: Import,
// Deletion, Identity). Pure. Absence is never evidence: only a tombstone deletes a copy.

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/region.hpp"

namespace bailiwick::fleet {

// What one peer has of the name.
struct OriginView {
  std::string region;
  std::string clusterUid;  // of the cluster that answers; empty: not known
  // Its deployments were read: what is not there is not there.
  bool read = false;
  bool stranger = false;  // the cluster is another one than its region is known to be: nothing to copy
  std::shared_ptr<const api::ModelDeployment> deployment;  // null: it has none
  std::vector<api::Tombstone> tombstones;                  // of this name
};

struct NamespaceView {
  bool exists = false;
  bool denied = false;  // its label says so
};

struct ImportRefusal {
  std::string reason, message;
};

struct ImportWorld {
  std::string region;           // our own
  std::string systemNamespace;  // the operator's own
  bool makesNamespaces = false;
  NamespaceView ns;
  std::shared_ptr<const api::ModelDeployment> own;  // null: there is none here
  std::vector<api::Tombstone> ownTombstones;        // of this name
  std::vector<OriginView> origins;                  // by region
  // Whether it may be here at all, as a copy: policies that say whom to import from, and law that
  // leaves it no place.
  std::function<std::optional<ImportRefusal>(const api::ModelDeployment& copy)> refuses;
};

struct ImportDecision {
  enum class Act {
    None,       // nothing is to be done
    Create,     // copy `original`
    Update,     // make the copy as `original` is now
    Delete,     // the original was deleted, as its own region says
    Detach,     // it is an original from now on: its origin labels go
    MarkLost,   // it stays, and says that its original is lost
    MarkFound,  // its original is there again
    Refuse,     // an original may not be copied here
  };
  Act act = Act::None;
  bool makesNamespace = false;
  std::string origin, originCluster;  // of `original`
  std::shared_ptr<const api::ModelDeployment> original;
  std::string reason, message;  // for people
};

ImportDecision decideImport(const api::Key& name, const ImportWorld& world);

bool isCopy(const api::ModelDeployment& deployment);
// Labels of an original that its copy gets too: its user's own, and none that means something here.
api::Labels copiedLabels(const api::ModelDeployment& original);

// The tombstones of this region after these originals went: what is older than 30 days goes, and
// beyond a thousand the oldest do; what a peer still has (`shown`: the uids of all that they have) stays
// before others, or it would be imported again. Those of what goes now are there in any case.
std::vector<api::Tombstone> withTombstones(std::vector<api::Tombstone> known,
                                           const std::vector<api::Tombstone>& added,
                                           const std::set<std::string>& shown, api::Time now);
// For an original that goes: its own, and one for each peer's original of that name, so that it is
// not imported again.
std::vector<api::Tombstone> tombstonesFor(const api::ModelDeployment& original,
                                          const std::vector<OriginView>& origins, api::Time now);

}  // namespace bailiwick::fleet
