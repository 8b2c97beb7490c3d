#include "plugin/cluster.hpp"

#include <fmt/format.h>

#include "api/labels.hpp"
#include "kube/local_transport.hpp"
#include "plugin/version.hpp"

namespace bailiwick::plugin {
namespace {

using Kind = kube::ApiError::Kind;
namespace resources = kube::resources;

std::string text(simdjson::dom::element json, std::string_view pointer) {
  std::string_view value;
  return json.at_pointer(pointer).get(value) == simdjson::SUCCESS ? std::string(value)
                                                                  : std::string();
}

// The last line of what kubectl said, without klog's head.
std::string lastWord(const std::string& said) {
  auto line = said.substr(said.find_last_of('\n') + 1);
  const auto bracket = line.find("] ");
  return bracket == std::string::npos ? line : line.substr(bracket + 2);
}

std::string trimmed(std::string words) {
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.pop_back();
  return words;
}

}  // namespace

Outcome<std::unique_ptr<Cluster>> Cluster::connect(const ClusterFlags& flags,
                                                   std::stop_token stop) {
  std::unique_ptr<Cluster> cluster(new Cluster);
  cluster->name_ = !flags.context.empty()      ? "context " + flags.context
                   : !flags.kubeconfig.empty() ? "kubeconfig " + flags.kubeconfig
                                               : "kubectl's current context";
  auto proxy = KubectlProxy::start(flags, stop);
  if (!proxy) return tl::unexpected(proxy.error());
  cluster->proxy_ = *std::move(proxy);
  cluster->transport_ = kube::makeLocalTransport(
      cluster->proxy_->socketPath(), {fmt::format("kubectl-bailiwick/{}", buildVersion)});
  if (auto greeted = cluster->greet(stop); !greeted) return tl::unexpected(greeted.error());
  return cluster;
}

// The version may be asked by whoever can log in.
Outcome<void> Cluster::greet(std::stop_token stop) {
  kube::Request request;
  request.path = "/version";
  const auto answer = transport_->send(request, std::move(stop));
  if (!answer) {
    return unreachable(fmt::format("{}: no answer through kubectl proxy: {}", name_,
                                   answer.error().message));
  }
  if (answer->head.status == 200) return {};
  if (answer->head.contentType == "application/json") {
    return tl::unexpected(failure(kube::toApiError(answer->head, answer->body), "ask its version"));
  }
  auto words = trimmed(answer->body);
  if (words.empty()) words = lastWord(proxy_->said());
  return unreachable(fmt::format("{}: the API server cannot be reached: {}", name_, words));
}

Failure Cluster::failure(const kube::ApiError& error, const std::string& doing) const {
  switch (error.kind) {
    case Kind::Unauthorized:
      return {Exit::Unreachable,
              fmt::format("{}: the API server refuses kubectl's login ({}): log in again, and try "
                          "kubectl auth whoami",
                          name_, error.message)};
    case Kind::Forbidden:
      return {Exit::Unreachable,
              fmt::format("{}: you may not {}: {}", name_, doing, error.message)};
    case Kind::NotFound:
    case Kind::Invalid:
    case Kind::BadRequest:
    case Kind::AlreadyExists:
    case Kind::Conflict:
      return {Exit::Finding, fmt::format("{}: {}", name_, error.message)};
    default:
      return {Exit::Unreachable, fmt::format("{}: {} failed: {}", name_, doing, error.message)};
  }
}

Outcome<bool> Cluster::list(const kube::Resource& resource, const Selection& selection,
                            std::stop_token stop, const Visit& visit) {
  kube::ListOptions options;
  options.labelSelector = selection.labels;
  options.limit = selection.page;
  do {
    std::string next;
    const auto page = kube::readJson(
        *transport_, kube::list(resource, selection.ns, options), stop,
        [&](simdjson::dom::element json) -> Result<void> {
          simdjson::dom::array items;
          if (json["items"].get(items) != simdjson::SUCCESS) return fail("it has no items");
          for (const auto item : items) visit(item);
          next = text(json, "/metadata/continue");
          return {};
        });
    // Of a group that nobody serves the answer is a plain 404 without a Status.
    const bool absent = !page && page.error().status == 404;
    if (absent && selection.optional) return false;
    if (absent && resource.group == api::names::group) {
      return unreachable(fmt::format("{}: Bailiwick is not installed there: it does not serve {}",
                                     name_, resource.str()));
    }
    if (!page) return tl::unexpected(failure(page.error(), "list " + resource.str()));
    options.continueToken = next;
  } while (!options.continueToken.empty());
  return true;
}

// Of kube-system, which stands for the cluster; empty where one may not see it.
std::string Cluster::uid(std::stop_token stop) {
  std::string uid;
  const auto done = kube::readJson(*transport_, kube::get(resources::namespaces, {"", "kube-system"}),
                                   std::move(stop),
                                   [&](simdjson::dom::element json) -> Result<void> {
                                     uid = text(json, "/metadata/uid");
                                     return {};
                                   });
  return done ? uid : "";
}

Outcome<KnownRegion> Cluster::readRegion(const catalog::Catalog& catalog,
                                         const std::string& region, std::stop_token stop) {
  Gathering gathering(catalog);
  std::vector<std::string> unreadable;
  const auto ours = fmt::format("{}={}", api::names::managedByLabel, api::names::managedBy);
  const std::vector<std::pair<kube::Resource, Selection>> needed{
      {resources::regions, {}},        {resources::modelDeployments, {}},
      {resources::modelPassports, {}}, {resources::sovereigntyPolicies, {}},
      {resources::exitOrders, {}},     {resources::nodes, {}},
      {resources::pods, {}},
      {resources::deployments, {"", ours, false}},
      {resources::runtimeClasses, {}}, {resources::leaderWorkerSets, {"", ours, true}}};
  for (const auto& [resource, selection] : needed) {
    const auto found = list(resource, selection, stop, [&](simdjson::dom::element json) {
      const auto added = gathering.add(resource.kind, json);
      if (!added) unreadable.push_back(added.error().message);
    });
    if (!found) {
      auto why = found.error();
      why.message += ". A plan depends on all of them";
      return tl::unexpected(std::move(why));
    }
    if (resource == resources::leaderWorkerSets && *found) gathering.servesGroups();
  }
  auto known = gathering.take(region, uid(stop));
  if (!known) return finding(fmt::format("{}: {}", name_, known.error().message));
  known->from = name_;
  known->unreadable = std::move(unreadable);
  return *std::move(known);
}

Outcome<std::string> namespaceOf(const ClusterFlags& flags, bool live, std::stop_token stop) {
  if (!flags.ns.empty()) return flags.ns;
  if (!live || stop.stop_requested()) return "default";
  auto said = kubectlOutput(flags, {"config", "view", "--minify", "-o", "jsonpath={..namespace}"});
  if (!said) return tl::unexpected(said.error());
  return said->empty() ? "default" : trimmed(*said);
}

}  // namespace bailiwick::plugin
