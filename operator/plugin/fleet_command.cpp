#include "plugin/fleet_command.hpp"

#include <algorithm>
#include <ostream>

#include "api/decode.hpp"
#include "plugin/cluster.hpp"
#include "plugin/fleet_report.hpp"

namespace bailiwick::plugin {
namespace {

template <class T>
Outcome<std::vector<T>> readAll(const Context& context, Cluster& cluster,
                                const kube::Resource& resource,
                                Result<T> (*decode)(simdjson::dom::element)) {
  std::vector<T> all;
  const auto read = cluster.list(resource, {}, context.stop, [&](simdjson::dom::element element) {
    auto one = decode(element);
    if (one) all.push_back(*std::move(one));
  });
  if (!read) return tl::unexpected(read.error());
  return all;
}

}  // namespace

Outcome<Exit> runFleet(const Context& context) {
  auto cluster = Cluster::connect(context.options.cluster, context.stop);
  if (!cluster) return tl::unexpected(cluster.error());
  const auto regions = readAll<api::Region>(context, **cluster, kube::resources::regions,
                                            api::decodeRegion);
  if (!regions) return tl::unexpected(regions.error());
  const auto deployments = readAll<api::ModelDeployment>(
      context, **cluster, kube::resources::modelDeployments, api::decodeModelDeployment);
  if (!deployments) return tl::unexpected(deployments.error());
  const auto rows = fleetOf(*regions, *deployments);
  const auto format = context.options.format;
  if (format == Format::Json || format == Format::Yaml) {
    print(context.terminal, format, fleetJson(rows));
  } else {
    context.terminal.out << fleetText(rows, format == Format::Wide, context.terminal,
                                      context.clock());
  }
  const bool concern =
      std::any_of(rows.begin(), rows.end(), [](const FleetRow& row) { return row.concern; });
  return concern ? Exit::Finding : Exit::Fine;
}

}  // namespace bailiwick::plugin
