#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ostream>

#include "api/time.hpp"
#include "catalog/checks.hpp"
#include "kube/server_url.hpp"
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

Outcome<std::set<api::Key>> accountsFor(const Context& context, Cluster& cluster,
                                        const std::string& peer) {
  std::vector<Manifest> bindings;
  const auto read = cluster.list(
      resources::roleBindings, {fleetNamespace, peerLabel}, context.stop,
      [&](simdjson::dom::element e) {
        bindings.push_back(Manifest::parse(simdjson::minify(e), nullptr, false));
      });
  if (!read) return tl::unexpected(read.error());
  return accountsOf(peer, bindings);
}

std::string namesOf(const std::set<api::Key>& accounts) {
  std::vector<std::string> names;
  for (const auto& account : accounts) names.push_back(account.str());
  return fmt::format("{}", fmt::join(names, " and "));
}

// The one that the chart or `join` has made, whatever its release is called.
Outcome<api::Key> accountOf(const Context& context, Cluster& cluster, const std::string& peer) {
  const auto accounts = accountsFor(context, cluster, peer);
  if (!accounts) return tl::unexpected(accounts.error());
  if (accounts->empty()) {
    return finding(fmt::format("{}: {} has no account here yet: name it in the chart's value "
                               "peerReaders, or kubectl bailiwick join {} | kubectl apply -f -",
                               cluster.name(), peer, peer));
  }
  if (accounts->size() > 1) {
    return finding(fmt::format("{}: {} has more than one account here, {}: delete the RoleBinding "
                               "in {} of all but one, so that it can be shut out by deleting that",
                               cluster.name(), peer, namesOf(*accounts), fleetNamespace));
  }
  return *accounts->begin();
}

// A second account would still let in whom somebody shuts out by deleting the first.
Outcome<void> refuseSecondAccount(const Context& context, Cluster& cluster,
                                  const JoinOptions& options) {
  auto accounts = accountsFor(context, cluster, options.peer);
  if (!accounts) return tl::unexpected(accounts.error());
  accounts->erase({options.systemNamespace, peerAccount(options.peer)});
  if (accounts->empty()) return {};
  return finding(fmt::format("{}: {} has an account here already, {}: go on with kubectl bailiwick "
                             "join {} --credential",
                             cluster.name(), options.peer, namesOf(*accounts), options.peer));
}

Outcome<std::string> tokenFor(const Context& context, Cluster& cluster, const JoinOptions& options) {
  const auto duration = api::parseDuration(options.duration);
  if (!duration) return usage(fmt::format("--duration {}: {}", options.duration,
                                          duration.error().message));
  const auto account = accountOf(context, cluster, options.peer);
  if (!account) return tl::unexpected(account.error());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*duration).count();
  kube::Request request;
  request.method = kube::Method::Post;
  request.path = kube::get(resources::serviceAccounts, *account).path + "/token";
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
    failure.message += fmt::format("; make the account {} anew, by helm upgrade or kubectl "
                                   "bailiwick join {} | kubectl apply -f -",
                                   account->str(), options.peer);
  }
  return tl::unexpected(std::move(failure));
}

// What the API servers of both would refuse only after half of it is applied.
Outcome<void> refuseWhatCannotBe(const JoinOptions& options) {
  const auto& peer = options.peer;
  if (!catalog::isId(peer) || peer.find('.') != std::string::npos) {
    return usage(fmt::format("{}: no name of a Region: up to 63 lower case letters, digits and -",
                             peer.empty() ? "\"\"" : peer));
  }
  if (options.server.empty()) return {};
  const auto server = kube::parseServerUrl(options.server);
  if (!server) return usage("--" + server.error().message);
  return {};
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
  if (const auto sound = refuseWhatCannotBe(options); !sound) return tl::unexpected(sound.error());
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
    const auto first = refuseSecondAccount(context, **cluster, options);
    if (!first) return tl::unexpected(first.error());
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
