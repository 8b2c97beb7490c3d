#include <fmt/format.h>

#include <ostream>

#include "api/decode.hpp"
#include "api/detach.hpp"
#include "api/labels.hpp"
#include "plugin/cluster.hpp"
#include "plugin/deployment_name.hpp"
#include "plugin/fleet_command.hpp"

namespace bailiwick::plugin {
namespace {

namespace names = api::names;
namespace resources = kube::resources;

}  // namespace

Outcome<Exit> runAdopt(const Context& context, const AdoptOptions& options) {
  const auto name = deploymentName(options.name, "adopted");
  if (!name) return tl::unexpected(name.error());
  auto cluster = Cluster::connect(context.options.cluster, context.stop);
  if (!cluster) return tl::unexpected(cluster.error());
  const auto ns = namespaceOf(context.options.cluster, true, context.stop);
  if (!ns) return tl::unexpected(ns.error());
  const api::Key key{*ns, *name};
  const auto copy = kube::read<api::ModelDeployment>((*cluster)->transport(),
                                                     kube::get(resources::modelDeployments, key),
                                                     context.stop, api::decodeModelDeployment);
  if (!copy && copy.error().kind == kube::ApiError::Kind::NotFound) {
    return finding(missingDeployment(key, (*cluster)->name()));
  }
  if (!copy) return tl::unexpected((*cluster)->failure(copy.error(), "get ModelDeployments"));
  const auto* origin = copy->meta.labels.find(names::originRegionLabel);
  if (!origin) {
    return finding(fmt::format("ModelDeployment {} is an original already", key.str()));
  }
  const auto whole = kube::perform((*cluster)->transport(),
                                   kube::get(resources::modelDeployments, key), context.stop);
  if (!whole) return tl::unexpected((*cluster)->failure(whole.error(), "get ModelDeployments"));
  const auto body = api::detachment(whole->body, copy->meta);
  if (!body) return finding(fmt::format("ModelDeployment {} cannot be read as JSON", key.str()));
  auto request = kube::mergePatch(resources::modelDeployments, key, *body);
  request.query = {{"fieldManager", "kubectl-bailiwick"}, {"fieldValidation", "Strict"}};
  const auto written = kube::write((*cluster)->transport(), request, context.stop);
  if (!written) return tl::unexpected((*cluster)->failure(written.error(), "patch ModelDeployments"));
  context.terminal.out << fmt::format("modeldeployment {} is an original now; it was a copy of region "
                                      "{}'s\n", key.str(), *origin);
  if (!copy->meta.annotations.find(names::originLost)) {
    context.terminal.out << fmt::format("region {} may still have its own: the two are one deployment "
                                        "while their specs are equal\n", *origin);
  }
  return Exit::Fine;
}

}  // namespace bailiwick::plugin
