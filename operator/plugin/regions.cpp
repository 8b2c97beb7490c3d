#include "plugin/regions.hpp"

#include "plugin/cluster.hpp"
#include "plugin/region_file.hpp"

namespace bailiwick::plugin {
namespace {

Outcome<std::vector<KnownRegion>> ofFiles(const Context& context, const PlanOptions& options) {
  const auto sources = manifest::collect(options.offline, false, context.terminal.in);
  if (!sources) return usage(sources.error().message);
  std::vector<KnownRegion> regions;
  for (const auto& source : *sources) {
    auto region = readRegionFile(source, *context.catalog, context.options.region);
    if (!region) return finding(region.error().message);
    region->offline = true;
    regions.push_back(*std::move(region));
  }
  return regions;
}

Outcome<KnownRegion> ofCluster(const Context& context, const ClusterFlags& flags) {
  auto cluster = Cluster::connect(flags, context.stop);
  if (!cluster) return tl::unexpected(cluster.error());
  return (*cluster)->readRegion(*context.catalog, context.options.region, context.stop);
}

}  // namespace

Outcome<std::vector<KnownRegion>> readRegions(const Context& context,
                                              const PlanOptions& options) {
  if (!options.offline.empty()) return ofFiles(context, options);
  std::vector<ClusterFlags> clusters;
  for (const auto& kubeconfig : options.against) clusters.push_back({kubeconfig, "", ""});
  if (clusters.empty()) clusters.push_back(context.options.cluster);
  std::vector<KnownRegion> regions;
  for (const auto& flags : clusters) {
    auto region = ofCluster(context, flags);
    if (!region) return tl::unexpected(region.error());
    regions.push_back(*std::move(region));
  }
  return regions;
}

Outcome<manifest::Manifests> readManifests(const Context& context, const PlanOptions& options,
                                           const std::string& ns) {
  const auto sources =
      manifest::collect(options.files, options.recursive, context.terminal.in);
  if (!sources) return usage(sources.error().message);
  return manifest::read(*sources, {ns, !context.options.cluster.ns.empty()});
}

}  // namespace bailiwick::plugin
