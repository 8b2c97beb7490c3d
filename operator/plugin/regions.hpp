#pragma once
// The regions that a command looks at: of files, or of clusters.

#include <vector>

#include "manifest/manifests.hpp"
#include "plugin/context.hpp"

namespace bailiwick::plugin {

Outcome<std::vector<KnownRegion>> readRegions(const Context& context, const PlanOptions& options);

// What `-f` names; empty without it. `ns`: of objects that name none.
Outcome<manifest::Manifests> readManifests(const Context& context, const PlanOptions& options,
                                           const std::string& ns);

}  // namespace bailiwick::plugin
