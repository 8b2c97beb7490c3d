#pragma once
// Whether the clusters of a fleet mean the same by a region's name. Pure.

#include <memory>
#include <string>
#include <vector>

#include "api/region.hpp"

namespace bailiwick::peers {

struct Finding {
  std::string status, reason, message;  // of a condition
};

// A Region object as one peer's cluster has it.
struct Witness {
  std::string peer;
  std::shared_ptr<const api::Region> region;
  bool read = false;  // all Region objects there: without this one there is none
};

// The first thing in which they differ, for people: "jurisdiction is DE here and CH"; empty: nothing.
// Access is not compared: each cluster may reach a peer by another way.
std::string differenceOf(const api::Region& here, const api::Region& there);

// `uid`: of the cluster that is known here by this name; empty: none is yet.
Finding agreementOn(const api::Region& here, const std::string& uid,
                    const std::vector<Witness>& witnesses);

// Whom the operator of a cluster takes for itself, by its Region objects; empty: it did not say.
std::string selfOf(const std::vector<std::shared_ptr<const api::Region>>& regions);

}  // namespace bailiwick::peers
