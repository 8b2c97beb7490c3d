#include "api/hash.hpp"

#include <openssl/evp.h>
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "api/quantity.hpp"

namespace bailiwick::api {
namespace {

using Json = nlohmann::json;

// Every put leaves out what is empty, so that absent and empty are the same.
void put(Json& to, const char* key, Json value) {
  const bool emptyText = value.is_string() && value.get_ref<const std::string&>().empty();
  const bool emptyList = (value.is_array() || value.is_object()) && value.empty();
  if (!value.is_null() && !emptyText && !emptyList) to[key] = std::move(value);
}

std::string canonical(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json map(const Labels& labels) {
  Json out = Json::object();
  for (const auto& [key, value] : labels) out[key] = value;
  return out;
}

// 1Gi and 1024Mi are one quantity. What is none stays as it is.
Json quantities(const Labels& amounts) {
  Json out = Json::object();
  for (const auto& [resource, text] : amounts) {
    const Result<std::int64_t> milli = parseMilli(text);
    out[resource] = milli ? Json(*milli) : Json(text);
  }
  return out;
}

Json plainEnv(const std::vector<EnvVar>& env) {
  Json out = Json::array();
  for (const EnvVar& variable : env) {
    if (variable.fromSecret) continue;
    Json entry{{"name", variable.name}};
    put(entry, "value", variable.value);
    out.push_back(std::move(entry));
  }
  return out;
}

Json json(const EngineSpec& engine) {
  Json out = Json::object();
  put(out, "name", engine.name);
  put(out, "image", engine.image);
  put(out, "args", engine.args);
  put(out, "env", plainEnv(engine.env));
  return out;
}

Json json(const AcceleratorSpec& accelerator) {
  Json out{{"perReplica", accelerator.perReplica},
           {"nodes", accelerator.nodes},
           {"minMemoryPerDevice", accelerator.minMemoryBytes}};
  put(out, "vendor", accelerator.vendor);
  put(out, "products", accelerator.products);
  return out;
}

Json json(const ExternalSpec& external) {
  Json out = Json::object();
  put(out, "provider", external.provider);
  put(out, "baseURL", external.baseURL);
  put(out, "jurisdiction", external.jurisdiction);
  put(out, "apiKeySecret", external.apiKeySecret);
  return out;
}

Json json(const Variant& variant) {
  Json out{{"capacity", variant.capacity}};
  put(out, "name", variant.name);
  put(out, "passport", variant.passport);
  put(out, "artifact", variant.artifact);
  if (variant.external) {
    out["external"] = json(*variant.external);
  } else {
    out["engine"] = json(variant.engine);
    out["accelerator"] = json(variant.accelerator);
  }
  return out;
}

const char* name(Strategy strategy) {
  switch (strategy) {
    case Strategy::Spread:
      return "Spread";
    case Strategy::Pack:
      return "Pack";
    case Strategy::Cheapest:
      return "Cheapest";
  }
  return "";
}

Json json(const PlacementSpec& placement) {
  Json out{{"strategy", name(placement.strategy)}, {"minRegions", placement.minRegions}};
  put(out, "jurisdictions", placement.jurisdictions);
  put(out, "dataResidency", placement.dataResidency);
  put(out, "regionNames", placement.regionNames);
  put(out, "regionMatchLabels", map(placement.regionMatchLabels));
  if (placement.maxPerRegion) out["maxPerRegion"] = *placement.maxPerRegion;
  return out;
}

Json json(const FailoverSpec& failover) {
  return {{"suspectAfter", failover.suspectAfter.count()},
          {"lostAfter", failover.lostAfter.count()},
          {"failbackAfter", failover.failbackAfter.count()},
          {"onNoLegalTarget", failover.onNoLegalTarget},
          {"onIsolation", failover.onIsolation}};
}

Json json(const RoutingSpec& routing) {
  Json weights = Json::object();
  for (const auto& [variant, weight] : routing.weights) weights[variant] = weight;
  Json out{{"mode", routing.mode},
           {"limits",
            {{"maxInFlight", routing.limits.maxInFlight},
             {"maxQueued", routing.limits.maxQueued},
             {"queueTimeout", routing.limits.queueTimeout.count()},
             {"requestTimeout", routing.limits.requestTimeout.count()},
             {"maxBodySize", routing.limits.maxBodyBytes}}}};
  put(out, "weights", std::move(weights));
  put(out, "apiKeysSecret", routing.apiKeysSecret);
  if (routing.shadow)
    out["shadow"] = {{"variant", routing.shadow->variant}, {"percent", routing.shadow->percent}};
  return out;
}

Json json(const ExitSpec& exit) {
  Json out{{"critical", exit.critical}, {"drainTimeout", exit.drainTimeout.count()}};
  if (exit.drillEvery) out["drillEvery"] = exit.drillEvery->count();
  return out;
}

Json json(const PodSpec& pod) {
  Json out = Json::object();
  put(out, "requests", quantities(pod.requests));
  put(out, "limits", quantities(pod.limits));
  put(out, "env", plainEnv(pod.env));
  put(out, "labels", map(pod.labels));
  put(out, "annotations", map(pod.annotations));
  return out;
}

Json json(const Organisation& organisation) {
  Json out{{"name", organisation.name}, {"country", organisation.country}};
  if (const auto& parent = organisation.parent) {
    out["parent"] = {{"name", parent->name}, {"country", parent->country}};
  }
  return out;
}

Json json(const Ancestor& ancestor) {
  Json out = Json::object();
  put(out, "passport", ancestor.passport);
  put(out, "family", ancestor.family);
  if (!ancestor.publisher.name.empty()) out["publisher"] = json(ancestor.publisher);
  return out;
}

Json json(const Endpoint& endpoint) {
  Json out{{"provider", endpoint.provider},
           {"baseURL", endpoint.baseURL},
           {"jurisdiction", endpoint.jurisdiction}};
  put(out, "residencyClasses", endpoint.residencyClasses);
  return out;
}

Json identity(const ModelPassport& passport) {
  Json out{{"publisher", json(passport.publisher)},
           {"originCountry", passport.originCountry},
           {"openness", passport.openness},
           {"licence", passport.licence}};
  Json lineage = Json::array(), endpoints = Json::array(), digests = Json::object();
  for (const Ancestor& ancestor : passport.derivedFrom) lineage.push_back(json(ancestor));
  for (const Endpoint& endpoint : passport.endpoints) endpoints.push_back(json(endpoint));
  for (const Artifact& artifact : passport.artifacts)
    put(digests, artifact.name.c_str(), artifact.digest);
  put(out, "derivedFrom", std::move(lineage));
  put(out, "endpoints", std::move(endpoints));
  put(out, "digests", std::move(digests));
  return out;
}

std::string shortHash(std::string_view canonicalJson) {
  return sha256Hex(canonicalJson).substr(0, 40);
}

}  // namespace

std::string sha256Hex(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string text;
  text.reserve(2 * size);
  for (unsigned int i = 0; i < size; ++i) {
    text.push_back(digits[digest[i] >> 4]);
    text.push_back(digits[digest[i] & 15]);
  }
  return text;
}

std::string canonicalSpec(const ModelDeploymentSpec& spec) {
  Json out{{"servedName", spec.servedName},
           {"replicas", spec.replicas},
           {"placement", json(spec.placement)},
           {"failover", json(spec.failover)},
           {"routing", json(spec.routing)},
           {"exit", json(spec.exit)},
           {"priority", spec.priority},
           {"rollout",
            {{"maxUnavailable", spec.rollout.maxUnavailable},
             {"progressDeadline", spec.rollout.progressDeadline.count()}}},
           {"paused", spec.paused}};
  Json variants = Json::array();
  for (const Variant& variant : spec.variants) variants.push_back(json(variant));
  out["variants"] = std::move(variants);
  put(out, "pod", json(spec.pod));
  return canonical(out);
}

std::string specHash(const ModelDeploymentSpec& spec) {
  return shortHash(canonicalSpec(spec));
}

std::string passportHash(const std::vector<const ModelPassport*>& passports) {
  Json byName = Json::object();
  for (const ModelPassport* passport : passports) {
    if (passport != nullptr) byName[passport->meta.key.name] = identity(*passport);
  }
  return shortHash(canonical(byName));
}

}  // namespace bailiwick::api
