#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "api/time.hpp"
#include "plugin/cluster.hpp"
#include "plugin/fleet_command.hpp"
#include "plugin/join_manifests.hpp"

namespace bailiwick::plugin {
namespace {

namespace resources = kube::resources;

// A region's own object is the one that its operator says so of.
bool isSelf(const Manifest& region) {
  const auto conditions = region.value(Manifest::json_pointer("/status/conditions"),
                                       Manifest::array());
  return std::any_of(conditions.begin(), conditions.end(), [](const Manifest& condition) {
    return condition.value("type", "") == "Reachable" && condition.value("reason", "") == "Self";
  });
}

Outcome<Manifest> ownRegion(const Context& context, Cluster& cluster) {
  std::vector<Manifest> all;
  const auto read = cluster.list(resources::regions, {}, context.stop, [&](simdjson::dom::element e) {
    all.push_back(Manifest::parse(simdjson::minify(e), nullptr, false));
  });
  if (!read) return tl::unexpected(read.error());
  const auto& wanted = context.options.region;
  for (const auto& region : all) {
    const auto name = region.value(Manifest::json_pointer("/metadata/name"), std::string());
    if (wanted.empty() ? isSelf(region) || all.size() == 1 : name == wanted) return region;
  }
  if (!wanted.empty()) return finding(fmt::format("{}: no Region {}", cluster.name(), wanted));
  return finding(fmt::format("{}: no operator says which Region this is: name it with --region",
                             cluster.name()));
}

Outcome<std::string> tokenFor(const Context& context, Cluster& cluster, const JoinOptions& options) {
  const auto duration = api::parseDuration(options.duration);
  if (!duration) return usage(fmt::format("--duration {}: {}", options.duration,
                                          duration.error().message));
  const auto account = peerAccount(options.peer);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*duration).count();
  kube::Request request;
  request.method = kube::Method::Post;
  request.path =
      kube::get(resources::serviceAccounts, {options.systemNamespace, account}).path + "/token";
  request.contentType = "application/json";
  request.body = Manifest{{"apiVersion", "authentication.k8s.io/v1"},
                          {"kind", "TokenRequest"},
                          {"spec", {{"expirationSeconds", seconds}}}}
                     .dump();
  std::string token;
  const auto read = kube::readJson(cluster.transport(), request, context.stop,
                                   [&](simdjson::dom::element answer) -> Result<void> {
                                     std::string_view text;
                                     if (answer["status"]["token"].get(text) != simdjson::SUCCESS) {
                                       return fail("the answer holds no token");
                                     }
                                     token = text;
                                     return {};
                                   });
  if (read) return token;
  auto failure = cluster.failure(read.error(), "create serviceaccounts/token");
  if (read.error().kind == kube::ApiError::Kind::NotFound) {
    failure.message += fmt::format("; make the account first: kubectl bailiwick join {} | kubectl "
                                   "apply -f -", options.peer);
  }
  return tl::unexpected(std::move(failure));
}

struct Place {
  std::string server, caBundle;
};

// As kubectl reaches it, unless it is said how peers do.
Outcome<Place> placeOf(const Context& context, const JoinOptions& options) {
  const auto ask = [&](const std::string& path) {
    return kubectlOutput(context.options.cluster, {"config", "view", "--minify", "--raw", "--flatten",
                                                   "-o", "jsonpath={.clusters[0].cluster." + path + "}"});
  };
  const auto server = options.server.empty() ? ask("server") : Outcome<std::string>(options.server);
  if (!server) return tl::unexpected(server.error());
  const auto bundle = ask("certificate-authority-data");
  if (!bundle) return tl::unexpected(bundle.error());
  return Place{*server, *bundle};
}

}  // namespace

Outcome<Exit> runJoin(const Context& context, const JoinOptions& options) {
  auto cluster = Cluster::connect(context.options.cluster, context.stop);
  if (!cluster) return tl::unexpected(cluster.error());
  const auto region = ownRegion(context, **cluster);
  if (!region) return tl::unexpected(region.error());
  const auto name = region->at("metadata").at("name").get<std::string>();
  if (name == options.peer) return usage(fmt::format("{}: a region is no peer of itself", name));
  std::vector<Manifest> manifests;
  if (options.credential) {
    const auto token = tokenFor(context, **cluster, options);
    if (!token) return tl::unexpected(token.error());
    const bool known = region->at("spec").contains("access") && options.server.empty();
    const auto place = known ? Outcome<Place>(Place{}) : placeOf(context, options);
    if (!place) return tl::unexpected(place.error());
    if (!known && place->caBundle.empty()) {
      return finding("kubectl's configuration names no authority for this cluster: write "
                     "spec.access into its Region object");
    }
    manifests = {credentialManifest(name, *token),
                 regionManifest(*region, place->server, place->caBundle)};
  } else {
    manifests = accountManifests(name, options.peer, options.systemNamespace);
  }
  auto& out = context.terminal.out;
  if (context.options.format == Format::Json) {
    out << Manifest{{"apiVersion", "v1"}, {"kind", "List"}, {"items", manifests}}.dump(2) << "\n";
  } else {
    out << documentsOf(manifests);
  }
  return Exit::Fine;
}

}  // namespace bailiwick::plugin
