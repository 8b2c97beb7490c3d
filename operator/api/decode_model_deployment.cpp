#include "api/decode_own_kind.hpp"
#include "api/decode_status.hpp"
#include "api/labels.hpp"

namespace bailiwick::api {
namespace {

constexpr IntRange capacityRange{1, 1'000'000};  // thousandths: up to 1000 units

void readSecretKey(const Cursor& valueFrom, EnvVar& out) {
  EnvVar::SecretKey secret;
  valueFrom.fields([&](std::string_view source, const Cursor& reference) {
    if (source != "secretKeyRef") return reference.refuse("only secretKeyRef is supported");
    reference.fields([&](std::string_view key, const Cursor& value) {
      if (key == "name")
        value.read(secret.secret);
      else if (key == "key")
        value.read(secret.key);
      else if (key == "optional")
        value.read(secret.optional);
    });
    reference.require(!secret.secret.empty(), "name");
    reference.require(!secret.key.empty(), "key");
  });
  valueFrom.require(!secret.secret.empty(), "secretKeyRef");
  out.fromSecret = std::move(secret);
}

void readVariable(const Cursor& variable, EnvVar& out) {
  variable.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name")
      value.read(out.name);
    else if (key == "value")
      value.read(out.value);
    else if (key == "valueFrom")
      readSecretKey(value, out);
  });
  variable.require(!out.name.empty(), "name");
}

void readEngine(const Cursor& engine, EngineSpec& out) {
  engine.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name")
      value.read(out.name);
    else if (key == "image")
      value.read(out.image);
    else if (key == "args")
      value.read(out.args);
    else if (key == "env")
      value.readEach(out.env, readVariable);
  });
  engine.require(!out.name.empty(), "name");
}

void readAccelerator(const Cursor& accelerator, AcceleratorSpec& out) {
  accelerator.fields([&](std::string_view key, const Cursor& value) {
    if (key == "vendor")
      value.read(out.vendor);
    else if (key == "products")
      value.read(out.products);
    else if (key == "perReplica")
      value.read(out.perReplica, {1, 512});
    else if (key == "minMemoryPerDevice")
      value.readQuantity(out.minMemoryBytes);
    else if (key == "nodes")
      value.read(out.nodes, {1, 64});
  });
  accelerator.require(!out.vendor.empty(), "vendor");
}

void readExternal(const Cursor& external, ExternalSpec& out) {
  external.fields([&](std::string_view key, const Cursor& value) {
    if (key == "provider")
      value.read(out.provider);
    else if (key == "baseURL")
      value.read(out.baseURL);
    else if (key == "jurisdiction")
      value.read(out.jurisdiction);
    else if (key == "apiKeySecret")
      value.read(out.apiKeySecret);
  });
  external.require(!out.provider.empty(), "provider");
  external.require(!out.baseURL.empty(), "baseURL");
  external.require(!out.jurisdiction.empty(), "jurisdiction");
}

void readVariant(const Cursor& variant, Variant& out) {
  bool engine = false, accelerator = false;
  variant.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name") return value.read(out.name);
    if (key == "passport") return value.read(out.passport);
    if (key == "artifact") return value.read(out.artifact);
    if (key == "capacity") return value.readThousandths(out.capacity, capacityRange);
    if (key == "external") return readExternal(value, out.external.emplace());
    if (key == "engine") {
      engine = true;
      readEngine(value, out.engine);
    } else if (key == "accelerator") {
      accelerator = true;
      readAccelerator(value, out.accelerator);
    }
  });
  variant.require(!out.name.empty(), "name");
  variant.require(!out.passport.empty(), "passport");
  if (out.external) {
    if (engine || accelerator || !out.artifact.empty())
      variant.refuse("has external and also artifact, engine or accelerator: keep one of them");
    return;
  }
  variant.require(!out.artifact.empty(), "artifact");
  variant.require(engine, "engine");
  variant.require(accelerator, "accelerator");
}

void readStrategy(const Cursor& strategy, Strategy& out) {
  std::string name;
  strategy.read(name);
  if (name == "Spread")
    out = Strategy::Spread;
  else if (name == "Pack")
    out = Strategy::Pack;
  else if (name == "Cheapest")
    out = Strategy::Cheapest;
  else
    strategy.refuse("must be Spread, Pack or Cheapest");
}

void readOneOf(const Cursor& cursor, std::string& out, std::string_view first,
               std::string_view second) {
  cursor.read(out);
  if (out == first || out == second) return;
  cursor.refuse(std::string("must be ").append(first).append(" or ").append(second));
}

void readRegions(const Cursor& regions, PlacementSpec& out) {
  regions.fields([&](std::string_view key, const Cursor& value) {
    if (key == "names") return value.read(out.regionNames);
    if (key != "selector") return;
    value.fields([&](std::string_view term, const Cursor& labels) {
      if (term == "matchLabels") labels.read(out.regionMatchLabels);
    });
  });
}

void readPlacement(const Cursor& placement, PlacementSpec& out) {
  placement.fields([&](std::string_view key, const Cursor& value) {
    if (key == "jurisdictions")
      value.read(out.jurisdictions);
    else if (key == "dataResidency")
      value.read(out.dataResidency);
    else if (key == "regions")
      readRegions(value, out);
    else if (key == "strategy")
      readStrategy(value, out.strategy);
    else if (key == "minRegions")
      value.read(out.minRegions, {1, 64});
    else if (key == "maxPerRegion")
      value.read(out.maxPerRegion.emplace(), {0, 100'000});
  });
  placement.require(!out.jurisdictions.empty(), "jurisdictions");
}

void readFailover(const Cursor& failover, FailoverSpec& out) {
  failover.fields([&](std::string_view key, const Cursor& value) {
    if (key == "suspectAfter")
      value.read(out.suspectAfter);
    else if (key == "lostAfter")
      value.read(out.lostAfter);
    else if (key == "failbackAfter")
      value.read(out.failbackAfter);
    else if (key == "onNoLegalTarget")
      readOneOf(value, out.onNoLegalTarget, "Hold", "Hold");
    else if (key == "onIsolation")
      readOneOf(value, out.onIsolation, "Hold", "Expand");
  });
}

void readLimits(const Cursor& limits, RouteLimits& out) {
  limits.fields([&](std::string_view key, const Cursor& value) {
    if (key == "maxInFlight")
      value.read(out.maxInFlight);
    else if (key == "maxQueued")
      value.read(out.maxQueued);
    else if (key == "queueTimeout")
      value.read(out.queueTimeout, true);
    else if (key == "requestTimeout")
      value.read(out.requestTimeout);
    else if (key == "maxBodySize")
      value.readQuantity(out.maxBodyBytes);
  });
}

void readWeights(const Cursor& weights, std::vector<std::pair<std::string, int>>& out) {
  weights.items([&](const Cursor& item) {
    auto& [variant, weight] = out.emplace_back();
    item.fields([&](std::string_view key, const Cursor& value) {
      if (key == "variant")
        value.read(out.back().first);
      else if (key == "weight")
        value.read(out.back().second, {0, 1000});
    });
    item.require(!variant.empty(), "variant");
  });
}

void readShadow(const Cursor& shadow, RoutingSpec::Shadow& out) {
  shadow.fields([&](std::string_view key, const Cursor& value) {
    if (key == "variant")
      value.read(out.variant);
    else if (key == "percent")
      value.read(out.percent, {0, 100});
  });
  shadow.require(!out.variant.empty(), "variant");
}

void readRouting(const Cursor& routing, RoutingSpec& out) {
  routing.fields([&](std::string_view key, const Cursor& value) {
    if (key == "mode") return readOneOf(value, out.mode, "Priority", "Weighted");
    if (key == "weights") return readWeights(value, out.weights);
    if (key == "shadow") return readShadow(value, out.shadow.emplace(RoutingSpec::Shadow{}));
    if (key == "limits") return readLimits(value, out.limits);
    if (key != "auth") return;
    value.fields([&](std::string_view term, const Cursor& secret) {
      if (term == "apiKeysSecret") secret.read(out.apiKeysSecret);
    });
  });
}

void readExit(const Cursor& exit, ExitSpec& out) {
  exit.fields([&](std::string_view key, const Cursor& value) {
    if (key == "critical")
      value.read(out.critical);
    else if (key == "drillEvery")
      value.read(out.drillEvery.emplace());
    else if (key == "drainTimeout")
      value.read(out.drainTimeout);
  });
}

void readResources(const Cursor& resources, PodSpec& out) {
  const auto readList = [](const Cursor& list, Labels& labels) {
    std::vector<Labels::Entry> entries;
    list.fields([&](std::string_view key, const Cursor& value) {
      value.readQuantityText(entries.emplace_back(key, "").second);
    });
    labels = Labels(std::move(entries));
  };
  resources.fields([&](std::string_view key, const Cursor& value) {
    if (key == "requests")
      readList(value, out.requests);
    else if (key == "limits")
      readList(value, out.limits);
  });
}

void readPullSecret(const Cursor& secret, std::string& out) {
  secret.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name") value.read(out);
  });
  secret.require(!out.empty(), "name");
}

void readPod(const Cursor& pod, PodSpec& out) {
  pod.fields([&](std::string_view key, const Cursor& value) {
    if (key == "resources")
      readResources(value, out);
    else if (key == "env")
      value.readEach(out.env, readVariable);
    else if (key == "labels")
      value.read(out.labels);
    else if (key == "annotations")
      value.read(out.annotations);
    else if (key == "imagePullSecrets")
      value.readEach(out.imagePullSecrets, readPullSecret);
    else if (key == "serviceAccountName")
      value.read(out.serviceAccountName);
  });
}

void readRollout(const Cursor& rollout, RolloutSpec& out) {
  rollout.fields([&](std::string_view key, const Cursor& value) {
    if (key == "maxUnavailable")
      value.read(out.maxUnavailable);
    else if (key == "progressDeadline")
      value.read(out.progressDeadline);
  });
}

void readSpec(const Cursor& spec, ModelDeploymentSpec& out) {
  bool placement = false;
  spec.fields([&](std::string_view key, const Cursor& value) {
    if (key == "servedName") return value.read(out.servedName);
    if (key == "replicas") return value.read(out.replicas, {0, 100'000});
    if (key == "variants") return value.readEach(out.variants, readVariant);
    if (key == "failover") return readFailover(value, out.failover);
    if (key == "routing") return readRouting(value, out.routing);
    if (key == "exit") return readExit(value, out.exit);
    if (key == "priority")
      return value.read(out.priority, {std::numeric_limits<std::int32_t>::min(),
                                       std::numeric_limits<std::int32_t>::max()});
    if (key == "pod") return readPod(value, out.pod);
    if (key == "rollout") return readRollout(value, out.rollout);
    if (key == "paused") return value.read(out.paused);
    if (key != "placement") return;
    placement = true;
    readPlacement(value, out.placement);
  });
  spec.require(!out.servedName.empty(), "servedName");
  spec.require(placement, "placement");
  spec.require(!out.variants.empty(), "variants");
}

// kubectl apply, and Argo CD as it is by default, send only what differs: of an equal copy nothing
// of the spec, and this annotation.
bool ownsLastApplied(const Cursor& owned) {
  bool found = false;
  owned.fields([&](std::string_view part, const Cursor& annotations) {
    if (part != "f:annotations") return;
    annotations.fields([&](std::string_view key, const Cursor&) {
      found |= key == "f:kubectl.kubernetes.io/last-applied-configuration";
    });
  });
  return found;
}

// What a status or scale subresource's writer owns is none of it: only who writes the object itself.
std::string specManagerOf(const Cursor& metadata) {
  std::string found;
  metadata.fields([&](std::string_view key, const Cursor& entries) {
    if (key != "managedFields") return;
    entries.items([&](const Cursor& entry) {
      std::string manager, subresource;
      bool spec = false;
      entry.fields([&](std::string_view field, const Cursor& value) {
        if (field == "manager") return value.read(manager);
        if (field == "subresource") return value.read(subresource);
        if (field != "fieldsV1") return;
        value.fields([&](std::string_view owned, const Cursor& parts) {
          spec |= owned == "f:spec" || (owned == "f:metadata" && ownsLastApplied(parts));
        });
      });
      if (spec && subresource.empty() && manager != names::fieldManager) found = manager;
    });
  });
  return found;
}

}  // namespace

Result<ModelDeployment> decodeModelDeployment(simdjson::dom::element json) {
  ModelDeployment out;
  const Result<Envelope> parts = readEnvelope(json, "ModelDeployment", Nulls::Refuse, out.meta);
  if (!parts) return tl::unexpected(parts.error());
  readOwnSpec(*parts, out,
              [](const Cursor& spec, ModelDeployment& kind) { readSpec(spec, kind.spec); });
  if (parts->status) out.status = readDeploymentStatus(*parts->status);
  if (out.meta.labels.find(names::originRegionLabel)) {
    Decoding lenient;
    out.specManager = specManagerOf(Cursor(*parts->metadata, "metadata", lenient));
  }
  return out;
}

}  // namespace bailiwick::api
