#pragma once
// Regions without a cluster. A region file describes one, as e2e/regions has them:
//
//   region: {apiVersion: bailiwick.dev/v1alpha1, kind: Region, …}
//   nodeLabels: {…}                 # of every node
//   nodePools:
//   - name: p5en                    # nodes are REGION-POOL-1, -2, …
//     count: 4
//     zones: [a, b]                 # taken in turn
//     labels: {…}                   # over nodeLabels
//     capacity: {nvidia.com/gpu: "8"}
//     allocatable: {…}              # where it is less
//     taints: []
//
// or holds the objects themselves, as `kubectl get region,node,pod,mdep,passport -A -o yaml` prints
// them.

#include <string>
#include <vector>

#include "manifest/manifests.hpp"
#include "plugin/known_region.hpp"

namespace bailiwick::plugin {

// The nodes of a region file's root map, as JSON texts of Node objects. Problems are appended.
std::vector<std::string> expandPools(const manifest::Value& root, const std::string& region,
                                     std::vector<manifest::Problem>& problems);

// An error has one line for each thing that is wrong, with file and line. `name`: of the Region,
// where the file holds several.
Result<KnownRegion> readRegionFile(const manifest::Source& source, const catalog::Catalog& catalog,
                                   const std::string& name = "");

}  // namespace bailiwick::plugin
