#pragma once
// Where a node is. Not known is not eligible; contradictory is not eligible.

#include <string>

#include "api/meta.hpp"
#include "api/region.hpp"
#include "catalog/catalog.hpp"
#include "plan/selector.hpp"

namespace bailiwick::plan {

enum class Location { Known, Unknown, Contradictory };

struct Place {
  Location location = Location::Unknown;
  std::string detail;  // what is missing or contradicts, for people; empty when known
};

// From the node's jurisdiction label or, without it, from (provider, topology region). Every source
// that is present must agree with the Region's jurisdiction.
Place locate(const api::Labels& labels, const api::Region& region, const catalog::Catalog& catalog);

// Holds exactly for the labels for which locate() says Known.
NodeSelector knownPlace(const api::Region& region, const catalog::Catalog& catalog);

}  // namespace bailiwick::plan
