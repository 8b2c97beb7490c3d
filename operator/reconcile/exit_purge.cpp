#include "reconcile/exit_purge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/decode.hpp"
#include "api/labels.hpp"
#include "log/log.hpp"

namespace bailiwick::reconcile {
namespace {

using kube::ApiError;
using kube::ApiResult;
using nlohmann::json;
using plan::what;
namespace resources = kube::resources;
namespace names = api::names;

constexpr char purgeLabel[] = "bailiwick.dev/purge-with-exit";
constexpr int maxNodesNamed = 10;

std::string textAt(simdjson::dom::element element, const char* pointer) {
  std::string_view text;
  return element.at_pointer(pointer).get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

// All pages of a list.
ApiResult<void> listAll(kube::Transport& transport, const kube::Resource& resource,
                        const std::string& ns, const std::string& selector, std::stop_token stop,
                        const std::function<Result<void>(simdjson::dom::element)>& each) {
  kube::ListOptions page;
  page.labelSelector = selector;
  do {
    const auto read = kube::readJson(
        transport, kube::list(resource, ns, page), stop,
        [&](simdjson::dom::element list) -> Result<void> {
          simdjson::dom::array items;
          if (list["items"].get(items)) return fail("a list has no items");
          for (const auto item : items) {
            if (auto done = each(item); !done) return done;
          }
          page.continueToken = textAt(list, "/metadata/continue");
          return {};
        });
    if (!read) return tl::unexpected(read.error());
  } while (!page.continueToken.empty());
  return {};
}

// What stays in the namespace and refers to the Secret, or empty.
std::string userOf(const Caches& caches, const plan::Journal& journal, const api::Key& secret) {
  std::string user;
  caches.deployments.store().forEach([&](const api::ModelDeployment& deployment) {
    const auto& key = deployment.meta.key;
    if (key.ns != secret.ns || deployment.meta.deleted) return;
    for (const auto& variant : deployment.spec.variants) {
      if (journal.rows.contains({key.ns, key.name, variant.name})) continue;
      if (plan::secretsOf(deployment, variant.name).contains(secret.name)) user = key.str();
    }
  });
  return user;
}

bool runsStill(const plan::Journal& journal, const std::string& ns) {
  return std::any_of(journal.rows.begin(), journal.rows.end(), [&](const auto& row) {
    return row.first.ns == ns && !row.second.left;
  });
}

}  // namespace

struct ExitPurge::Look {
  const api::ExitOrder& order;
  const plan::Journal& journal;
  plan::PurgeView view;
};

ApiResult<std::vector<plan::ClaimSeen>> ExitPurge::claims(std::stop_token stop) {
  std::vector<plan::ClaimSeen> claims;
  versions_.clear();
  const auto ours = fmt::format("{}={}", names::managedByLabel, names::managedBy);
  const auto listed = listAll(
      transport_, resources::persistentVolumeClaims, "", ours, stop,
      [&](simdjson::dom::element item) -> Result<void> {
        const auto object = api::decodeGenericObject(item);
        if (!object) return tl::unexpected(object.error());
        const auto* deployment = object->meta.labels.find(names::deploymentLabel);
        const auto* variant = object->meta.labels.find(names::variantLabel);
        versions_[object->meta.uid] = object->meta.resourceVersion;
        claims.push_back({object->meta.key, object->meta.uid, textAt(item, "/spec/volumeName"),
                          deployment ? *deployment : "", variant ? *variant : ""});
        return {};
      });
  if (!listed) return tl::unexpected(listed.error());
  return claims;
}

ApiResult<plan::PurgeView> ExitPurge::look(const api::ExitOrder& order,
                                           const plan::Journal& journal,
                                           const std::vector<plan::ClaimSeen>& claims,
                                           std::stop_token stop) {
  found_.clear();
  Look look{order, journal, {}};
  look.view.complete = true;
  lookAtObjects(look);
  lookAtImages(look);
  if (order.spec.purgeWeights) {
    for (const auto& claim : claims) {
      const auto row = journal.rows.find({claim.key.ns, claim.deployment, claim.variant});
      if (row == journal.rows.end() || !row->second.left) continue;
      const auto name = what("PersistentVolumeClaim", claim.key);
      look.view.present.insert(name);
      found_[name] = {&resources::persistentVolumeClaims, claim.key, claim.uid,
                      versions_[claim.uid]};
    }
    if (auto done = lookAtVolumes(look, stop); !done) return tl::unexpected(done.error());
  }
  std::set<std::string> namespaces;
  for (const auto& [key, row] : journal.rows) {
    if (order.spec.purgeCredentials && !runsStill(journal, key.ns)) namespaces.insert(key.ns);
  }
  for (const auto& ns : namespaces) {
    if (auto done = lookAtSecrets(look, ns, stop); !done) return tl::unexpected(done.error());
  }
  return std::move(look.view);
}

// The controller of deployments takes these away: they are only waited for.
void ExitPurge::lookAtObjects(Look& look) const {
  for (const auto& [key, row] : look.journal.rows) {
    if (!row.left) continue;
    const api::Key object{key.ns, key.name + "-" + key.variant};
    const auto deployment = caches_.deployments.store().get({key.ns, key.name});
    const bool paused = deployment && deployment->spec.paused;
    for (const auto* resource : {&resources::deployments, &resources::leaderWorkerSets,
                                 &resources::services, &resources::configMaps}) {
      if (!caches_.meta(*resource, object)) continue;
      if (paused) {
        look.view.residual[what(resource->kind, object)] = "its ModelDeployment is paused";
      } else {
        look.view.complete = false;
      }
    }
  }
}

void ExitPurge::lookAtImages(Look& look) {
  std::map<std::string, std::set<std::string>> nodes;
  for (const auto& [key, row] : look.journal.rows) {
    if (!row.left) continue;
    for (const auto& [uid, pod] : row.pods) {
      if (!pod.image.empty() && !pod.node.empty()) nodes[pod.image].insert(pod.node);
    }
  }
  for (const auto& [image, on] : nodes) {
    std::string text;
    int named = 0;
    for (const auto& node : on) {
      if (named++ < maxNodesNamed) text += (text.empty() ? "" : ", ") + node;
    }
    look.view.residual["Image " + image] = fmt::format(
        "the stores of {} nodes may hold it, until their kubelets collect it: {}", on.size(), text);
  }
}

ApiResult<void> ExitPurge::lookAtVolumes(Look& look, std::stop_token stop) {
  for (const auto& [key, row] : look.journal.rows) {
    if (!row.left) continue;
    for (const auto& [uid, volume] : row.claims) {
      if (volume.empty()) continue;
      std::string policy, phase;
      const auto read = kube::readJson(transport_, kube::get(resources::persistentVolumes, {"", volume}),
                                       stop, [&](simdjson::dom::element object) -> Result<void> {
                                         policy = textAt(object, "/spec/persistentVolumeReclaimPolicy");
                                         phase = textAt(object, "/status/phase");
                                         return {};
                                       });
      if (!read && read.error().kind == ApiError::Kind::NotFound) continue;
      if (!read) return tl::unexpected(read.error());
      const auto name = what("PersistentVolume", {"", volume});
      if (policy == "Delete" && phase != "Failed") {
        look.view.present.insert(name);  // its driver is at work
      } else {
        look.view.residual[name] = policy == "Delete"
                                       ? "its driver failed to delete it"
                                       : fmt::format("its reclaim policy is {}: the weights on it stay",
                                                     policy);
      }
    }
  }
  return {};
}

ApiResult<bool> ExitPurge::mayPurgeSecrets(const std::string& ns, std::stop_token stop) {
  for (const auto* verb : {"list", "delete"}) {
    const json body = {
        {"apiVersion", "authorization.k8s.io/v1"},
        {"kind", "SelfSubjectAccessReview"},
        {"spec", {{"resourceAttributes", {{"namespace", ns}, {"verb", verb}, {"resource", "secrets"}}}}}};
    bool allowed = false;
    const auto read =
        kube::readJson(transport_, kube::create(resources::selfSubjectAccessReviews, "", body.dump()),
                       stop, [&](simdjson::dom::element review) -> Result<void> {
                         if (review.at_pointer("/status/allowed").get(allowed)) allowed = false;
                         return {};
                       });
    if (!read) return tl::unexpected(read.error());
    if (!allowed) return false;
  }
  return true;
}

// A label's value of "true", or none, is for every order; another one names the order. What
// something that stays still uses is not taken from it.
ApiResult<void> ExitPurge::lookAtSecrets(Look& look, const std::string& ns, std::stop_token stop) {
  std::set<std::string> usedByRows, deleted;
  for (const auto& [key, row] : look.journal.rows) {
    if (key.ns == ns) usedByRows.insert(row.secrets.begin(), row.secrets.end());
  }
  const auto allowed = mayPurgeSecrets(ns, stop);
  if (!allowed) return tl::unexpected(allowed.error());
  if (*allowed) {
    const auto listed = listAll(
        transport_, resources::secrets, ns, purgeLabel, stop,
        [&](simdjson::dom::element item) -> Result<void> {
          const auto object = api::decodeGenericObject(item);
          if (!object) return tl::unexpected(object.error());
          const auto* value = object->meta.labels.find(purgeLabel);
          const bool mine = value && (value->empty() || *value == "true" ||
                                      *value == look.order.meta.key.name);
          if (!mine) return {};
          const auto name = what("Secret", object->meta.key);
          if (const auto user = userOf(caches_, look.journal, object->meta.key); !user.empty()) {
            look.view.residual[name] = "ModelDeployment " + user + " still uses it";
            return {};
          }
          deleted.insert(object->meta.key.name);
          look.view.present.insert(name);
          found_[name] = {&resources::secrets, object->meta.key, object->meta.uid,
                          object->meta.resourceVersion};
          return {};
        });
    if (!listed) return tl::unexpected(listed.error());
  }
  for (const auto& secret : usedByRows) {
    const auto name = what("Secret", {ns, secret});
    if (deleted.contains(secret) || look.journal.purging.contains(name)) continue;
    if (look.view.residual.contains(name)) continue;
    look.view.residual[name] =
        *allowed ? fmt::format("it was used by what was left and has no label {}", purgeLabel)
                 : fmt::format("it was used by what was left, and no Role lets the operator list and "
                               "delete Secrets in namespace {}", ns);
  }
  return {};
}

ApiResult<void> ExitPurge::carryOut(const std::set<std::string>& objects, std::stop_token stop) {
  for (const auto& object : objects) {
    const auto found = found_.find(object);
    if (found == found_.end()) continue;
    const auto& [resource, key, uid, version] = found->second;
    const auto preconditions = kube::Preconditions::of(uid, version);
    if (!preconditions) continue;
    const auto done =
        kube::write(transport_, kube::deleteObject(*resource, key, *preconditions), stop);
    if (!done && done.error().kind != ApiError::Kind::NotFound) return tl::unexpected(done.error());
    log::info("purged with an exit", {{"object", object}});
  }
  return {};
}

}  // namespace bailiwick::reconcile
