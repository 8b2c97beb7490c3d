#include "reconcile/import_copy.hpp"

#include <simdjson.h>

#include <nlohmann/json.hpp>

#include "api/hash.hpp"
#include "api/labels.hpp"
#include "peers/foreign.hpp"

namespace bailiwick::reconcile {
namespace {

using nlohmann::json;
namespace names = api::names;

// Only their own cluster may use them: a Secret is never copied.
void dropSecretEnv(json& holder) {
  const auto env = holder.find("env");
  if (env == holder.end() || !env->is_array()) return;
  json kept = json::array();
  for (auto& variable : *env) {
    if (!variable.contains("valueFrom")) kept.push_back(std::move(variable));
  }
  if (kept.empty()) {
    holder.erase(env);
  } else {
    *env = std::move(kept);
  }
}

void dropLocal(json& spec) {
  if (spec.contains("pod")) {
    auto& pod = spec["pod"];
    pod.erase("serviceAccountName");
    pod.erase("imagePullSecrets");
    dropSecretEnv(pod);
    if (pod.empty()) spec.erase("pod");
  }
  for (auto& variant : spec["variants"]) {
    if (variant.contains("engine")) dropSecretEnv(variant["engine"]);
  }
}

}  // namespace

Result<std::string> copyOf(const std::string& answer, const fleet::ImportDecision& decision,
                           const api::ModelDeployment* own) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  const simdjson::padded_string padded(answer);
  if (parser.parse(padded).get(element) != simdjson::SUCCESS) return fail("no JSON");
  const auto original = peers::decodeForeignDeployment(element);
  if (!original) return tl::unexpected(original.error());
  const auto hash = api::specHash(decision.original->spec);
  const bool same = original->meta.uid == decision.original->meta.uid &&
                    original->meta.key == decision.original->meta.key &&
                    original->decodeError.empty() && api::specHash(original->spec) == hash;
  if (!same) return fail("it has changed meanwhile");
  const auto whole = json::parse(answer, nullptr, false);
  if (!whole.is_object()) return fail("no JSON");
  auto spec = whole.value("spec", json());
  if (!spec.is_object()) return fail("it has no spec");
  dropLocal(spec);
  json labels = json::object();
  for (const auto& [key, value] : fleet::copiedLabels(*original)) labels[key] = value;
  labels[names::originRegionLabel] = decision.origin;
  labels[names::originUidLabel] = original->meta.uid;
  labels[names::originSpecHashLabel] = hash;
  json metadata = {{"name", original->meta.key.name},
                   {"namespace", original->meta.key.ns},
                   {"labels", labels},
                   {"annotations", {{names::originCluster, decision.originCluster}}}};
  if (own) {
    metadata["resourceVersion"] = own->meta.resourceVersion;
    metadata["uid"] = own->meta.uid;
  }
  return json{{"apiVersion", names::apiVersion},
              {"kind", "ModelDeployment"},
              {"metadata", std::move(metadata)},
              {"spec", std::move(spec)}}
      .dump();
}

}  // namespace bailiwick::reconcile
