#pragma once
// What is known of one region: everything that a plan of it depends on, read from its cluster or
// from files.

#include <memory>
#include <set>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

#include "api/result.hpp"
#include "catalog/catalog.hpp"
#include "manifest/manifests.hpp"
#include "reconcile/snapshot.hpp"

namespace bailiwick::plugin {

struct KnownRegion {
  reconcile::Snapshot snapshot;
  std::vector<std::shared_ptr<const api::Region>> regions;  // every Region object of that cluster
  std::set<std::string> runtimeClasses;
  std::string from;  // where it was read, for people: "context fra"
  bool offline = false;  // from a file: every region that is read with it is a peer
  std::vector<std::string> unreadable;  // objects that the plan leaves out, each with its error

  const std::string& name() const { return snapshot.region->meta.key.name; }
};

// Takes objects one by one, in any order.
class Gathering {
 public:
  // The catalogue outlives this.
  explicit Gathering(const catalog::Catalog& catalog);

  // An object that no plan depends on is passed over. An error names what cannot be read.
  Result<void> add(std::string_view kind, simdjson::dom::element json);
  Result<void> add(std::string_view kind, const std::string& json);
  // That LeaderWorkerSets can be made.
  void servesGroups() { known_.snapshot.leaderWorkerSets = true; }

  // The region of that name; of none: the only one, or the one whose cluster has this uid.
  Result<KnownRegion> take(const std::string& name, const std::string& clusterUid = "");

 private:
  KnownRegion known_;
  std::function<Result<api::Node>(simdjson::dom::element)> decodeNode_;
};

enum class Change { Created, Changed, Unchanged };
std::string_view changeName(Change change);

// One object of the manifests, and what applying it does to the region.
struct Overlaid {
  const manifest::Entry* entry = nullptr;
  Change change = Change::Unchanged;  // of what a plan depends on
};

// The region as it would be once the sound objects of our kinds are applied: an object that exists
// keeps its uid, age and status, and has the manifest's spec and labels. `now`: the age of new ones.
KnownRegion overlay(const KnownRegion& region, const std::vector<manifest::Entry>& entries,
                    api::Time now, std::vector<Overlaid>& done);

}  // namespace bailiwick::plugin
