#include "plugin/join_manifests.hpp"

#include "kube/base64.hpp"
#include "plugin/print.hpp"

namespace bailiwick::plugin {
namespace {

constexpr char rbac[] = "rbac.authorization.k8s.io";

Manifest object(const std::string& apiVersion, const std::string& kind, const std::string& name,
                const std::string& ns) {
  Manifest metadata = {{"name", name}};
  if (!ns.empty()) metadata["namespace"] = ns;
  return {{"apiVersion", apiVersion}, {"kind", kind}, {"metadata", std::move(metadata)}};
}

Manifest role(const std::string& kind, const std::string& name, const std::string& ns,
              Manifest rule) {
  auto made = object(std::string(rbac) + "/v1", kind, name, ns);
  made["rules"] = Manifest::array({std::move(rule)});
  return made;
}

Manifest binding(const Manifest& role, const std::string& account, const std::string& accountNs) {
  const auto kind = role.at("kind").get<std::string>();
  const auto& metadata = role.at("metadata");
  const auto name = metadata.at("name").get<std::string>();
  auto made = object(std::string(rbac) + "/v1", kind + "Binding", name,
                     metadata.value("namespace", std::string()));
  made["roleRef"] = {{"apiGroup", rbac}, {"kind", kind}, {"name", name}};
  made["subjects"] = Manifest::array(
      {{{"kind", "ServiceAccount"}, {"name", account}, {"namespace", accountNs}}});
  return made;
}

}  // namespace

std::string peerAccount(const std::string& peer) { return "bailiwick-peer-" + peer; }

std::set<api::Key> accountsOf(const std::string& peer, const std::vector<Manifest>& bindings) {
  const auto text = [](const Manifest& of, const char* pointer) {
    return of.value(Manifest::json_pointer(pointer), std::string());
  };
  std::set<api::Key> accounts;
  for (const auto& one : bindings) {
    const auto labels = one.value(Manifest::json_pointer("/metadata/labels"), Manifest::object());
    if (labels.value(peerLabel, "") != peer) continue;
    for (const auto& subject : one.value("subjects", Manifest::array())) {
      if (text(subject, "/kind") == "ServiceAccount") {
        accounts.insert({text(subject, "/namespace"), text(subject, "/name")});
      }
    }
  }
  return accounts;
}

std::vector<Manifest> accountManifests(const std::string& region, const std::string& peer,
                                       const std::string& ns) {
  const auto account = peerAccount(peer);
  auto serviceAccount = object("v1", "ServiceAccount", account, ns);
  serviceAccount["automountServiceAccountToken"] = false;
  const auto kinds = role(
      "ClusterRole", account, "",
      {{"apiGroups", {"bailiwick.dev"}},
       {"resources",
        {"modeldeployments", "modelpassports", "sovereigntypolicies", "regions", "exitorders"}},
       {"verbs", {"get", "list", "watch"}}});
  const auto heartbeat = role("Role", account, fleetNamespace,
                              {{"apiGroups", {"coordination.k8s.io"}},
                               {"resources", {"leases"}},
                               {"resourceNames", {"bailiwick-region-" + region}},
                               {"verbs", {"get", "list", "watch"}}});
  const auto renewal = role("Role", account + "-token", ns,
                            {{"apiGroups", {""}},
                             {"resources", {"serviceaccounts/token"}},
                             {"resourceNames", {account}},
                             {"verbs", {"create"}}});
  std::vector<Manifest> all{serviceAccount};
  for (const auto& one : {kinds, heartbeat, renewal}) {
    all.push_back(one);
    all.push_back(binding(one, account, ns));
    if (one == heartbeat) all.back()["metadata"]["labels"] = {{peerLabel, peer}};
  }
  return all;
}

Manifest credentialManifest(const std::string& region, const std::string& token) {
  auto secret = object("v1", "Secret", "peer-" + region, fleetNamespace);
  secret["type"] = "Opaque";
  secret["data"] = {{"token", kube::encodeBase64(token)}};
  return secret;
}

Manifest regionManifest(Manifest object, const std::string& server, const std::string& caBundle) {
  Manifest metadata = {{"name", object.at("metadata").at("name")}};
  if (object["metadata"].contains("labels")) metadata["labels"] = object["metadata"]["labels"];
  auto spec = object.at("spec");
  const auto secret = "peer-" + metadata["name"].get<std::string>();
  if (!spec.contains("access") || !server.empty()) {
    spec["access"] = {{"server", server},
                      {"caBundle", caBundle},
                      {"credentialSecret", {{"namespace", fleetNamespace}, {"name", secret}}}};
  }
  return {{"apiVersion", "bailiwick.dev/v1alpha1"},
          {"kind", "Region"},
          {"metadata", std::move(metadata)},
          {"spec", std::move(spec)}};
}

std::string documentsOf(const std::vector<Manifest>& manifests) {
  std::string text;
  for (const auto& manifest : manifests) text += "---\n" + yamlOf(manifest);
  return text;
}

}  // namespace bailiwick::plugin
