#pragma once
// Object builders for tests: makeDeployment("assistant", "team").in({"EU"}).variant(...).obj().
// What a test does not say has the CRD's default.

#include <string>
#include <utility>
#include <vector>

#include "api/model_deployment.hpp"
#include "api/model_passport.hpp"
#include "api/region.hpp"
#include "api/sovereignty_policy.hpp"
#include "api/workload.hpp"

namespace bailiwick::testing {

// A distinct, stable uid for every kind and key.
inline std::string uidOf(const std::string& kind, const api::Key& key) {
  return "uid-" + kind + "-" + key.str();
}

inline api::ObjectMeta metaOf(const std::string& kind, api::Key key) {
  api::ObjectMeta meta;
  meta.uid = uidOf(kind, key);
  meta.key = std::move(key);
  meta.resourceVersion = "1";
  meta.generation = 1;
  return meta;
}

class VariantBuilder {
 public:
  explicit VariantBuilder(std::string name) {
    variant_.name = std::move(name);
    variant_.passport = "deepseek-v3-2";
    variant_.artifact = "fp8";
    variant_.engine.name = "vllm";
  }
  VariantBuilder& passport(std::string name, std::string artifact) {
    variant_.passport = std::move(name);
    variant_.artifact = std::move(artifact);
    return *this;
  }
  VariantBuilder& engine(std::string name) {
    variant_.engine.name = std::move(name);
    return *this;
  }
  VariantBuilder& image(std::string image) {
    variant_.engine.image = std::move(image);
    return *this;
  }
  VariantBuilder& args(std::vector<std::string> args) {
    variant_.engine.args = std::move(args);
    return *this;
  }
  VariantBuilder& env(std::string name, std::string value) {
    variant_.engine.env.push_back({std::move(name), std::move(value), {}});
    return *this;
  }
  VariantBuilder& secretEnv(std::string name, std::string secret, std::string key) {
    variant_.engine.env.push_back(
        {std::move(name), "", api::EnvVar::SecretKey{std::move(secret), std::move(key), false}});
    return *this;
  }
  // `devices` on each node of a replica; no products: any of that vendor's.
  VariantBuilder& on(std::string vendor, std::vector<std::string> products, int devices) {
    variant_.accelerator.vendor = std::move(vendor);
    variant_.accelerator.products = std::move(products);
    variant_.accelerator.perReplica = devices;
    return *this;
  }
  VariantBuilder& minMemory(std::int64_t bytes) {
    variant_.accelerator.minMemoryBytes = bytes;
    return *this;
  }
  VariantBuilder& nodes(int nodes) {
    variant_.accelerator.nodes = nodes;
    return *this;
  }
  // In thousandths: 500 is "0.5".
  VariantBuilder& capacity(api::Units units) {
    variant_.capacity = units;
    return *this;
  }
  VariantBuilder& external(api::ExternalSpec external) {
    variant_.external = std::move(external);
    variant_.artifact.clear();
    variant_.engine = {};
    variant_.accelerator = {};
    return *this;
  }
  api::Variant obj() const { return variant_; }

 private:
  api::Variant variant_;
};

inline VariantBuilder makeVariant(std::string name) {
  return VariantBuilder(std::move(name));
}

class DeploymentBuilder {
 public:
  DeploymentBuilder(std::string name, std::string ns) {
    deployment_.spec.servedName = name;
    deployment_.spec.placement.jurisdictions = {"EU"};
    deployment_.meta = metaOf("ModelDeployment", {std::move(ns), std::move(name)});
  }
  DeploymentBuilder& in(std::vector<std::string> jurisdictions) {
    deployment_.spec.placement.jurisdictions = std::move(jurisdictions);
    return *this;
  }
  DeploymentBuilder& residency(std::vector<std::string> classes) {
    deployment_.spec.placement.dataResidency = std::move(classes);
    return *this;
  }
  DeploymentBuilder& servedName(std::string name) {
    deployment_.spec.servedName = std::move(name);
    return *this;
  }
  DeploymentBuilder& replicas(int units) {
    deployment_.spec.replicas = units;
    return *this;
  }
  DeploymentBuilder& priority(int priority) {
    deployment_.spec.priority = priority;
    return *this;
  }
  DeploymentBuilder& created(api::Time time) {
    deployment_.meta.created = time;
    return *this;
  }
  DeploymentBuilder& maxUnavailable(int replicas) {
    deployment_.spec.rollout.maxUnavailable = replicas;
    return *this;
  }
  DeploymentBuilder& variant(const VariantBuilder& variant) {
    deployment_.spec.variants.push_back(variant.obj());
    return *this;
  }
  // Anything else of the spec.
  template <class Change>
  DeploymentBuilder& with(Change&& change) {
    std::forward<Change>(change)(deployment_.spec);
    return *this;
  }
  api::ModelDeployment obj() const { return deployment_; }

 private:
  api::ModelDeployment deployment_;
};

inline DeploymentBuilder makeDeployment(std::string name, std::string ns) {
  return {std::move(name), std::move(ns)};
}

// Origin CN, licence MIT, openness OpenWeight; without artifacts until one is named.
class PassportBuilder {
 public:
  explicit PassportBuilder(std::string name) {
    passport_.publisher = {"DeepSeek", "CN"};
    passport_.family = "deepseek-v3";
    passport_.model = name;
    passport_.version = "1";
    passport_.originCountry = "CN";
    passport_.openness = "OpenWeight";
    passport_.licence = "MIT";
    passport_.meta = metaOf("ModelPassport", {"", std::move(name)});
  }
  PassportBuilder& model(std::string name) {
    passport_.model = std::move(name);
    return *this;
  }
  PassportBuilder& family(std::string family) {
    passport_.family = std::move(family);
    return *this;
  }
  PassportBuilder& publisher(std::string name, std::string country) {
    passport_.publisher = {std::move(name), std::move(country)};
    return *this;
  }
  PassportBuilder& origin(std::string country) {
    passport_.originCountry = std::move(country);
    return *this;
  }
  PassportBuilder& licence(std::string id) {
    passport_.licence = std::move(id);
    return *this;
  }
  PassportBuilder& openness(std::string openness) {
    passport_.openness = std::move(openness);
    return *this;
  }
  PassportBuilder& artifact(std::string name, api::SourceType type, std::string uri,
                            std::string sizeGiB = "690") {
    api::Artifact artifact;
    artifact.name = std::move(name);
    artifact.sourceType = type;
    artifact.uri = std::move(uri);
    artifact.sizeGiB = std::move(sizeGiB);
    passport_.artifacts.push_back(std::move(artifact));
    return *this;
  }
  template <class Change>
  PassportBuilder& with(Change&& change) {
    std::forward<Change>(change)(passport_);
    return *this;
  }
  api::ModelPassport obj() const { return passport_; }

 private:
  api::ModelPassport passport_;
};

inline PassportBuilder makePassport(std::string name) {
  return PassportBuilder(std::move(name));
}

// Enforcement Deny, of everything, without a rule until one is given.
class PolicyBuilder {
 public:
  explicit PolicyBuilder(std::string name) {
    policy_.meta = metaOf("SovereigntyPolicy", {"", std::move(name)});
  }
  PolicyBuilder& enforcement(api::Enforcement enforcement) {
    policy_.enforcement = enforcement;
    return *this;
  }
  PolicyBuilder& selects(api::DeploymentSelector selector) {
    policy_.selector = std::move(selector);
    return *this;
  }
  PolicyBuilder& allow(api::AllowDeny api::PolicyRules::*rule, std::vector<std::string> values) {
    (policy_.rules.*rule).allow = std::move(values);
    return *this;
  }
  PolicyBuilder& deny(api::AllowDeny api::PolicyRules::*rule, std::vector<std::string> values) {
    (policy_.rules.*rule).deny = std::move(values);
    return *this;
  }
  template <class Change>
  PolicyBuilder& rules(Change&& change) {
    std::forward<Change>(change)(policy_.rules);
    return *this;
  }
  template <class Change>
  PolicyBuilder& with(Change&& change) {
    std::forward<Change>(change)(policy_);
    return *this;
  }
  api::SovereigntyPolicy obj() const { return policy_; }

 private:
  api::SovereigntyPolicy policy_;
};

inline PolicyBuilder makePolicy(std::string name) {
  return PolicyBuilder(std::move(name));
}

class RegionBuilder {
 public:
  RegionBuilder(std::string name, std::string provider, std::string location,
                std::string jurisdiction) {
    region_.meta = metaOf("Region", {"", std::move(name)});
    region_.provider = std::move(provider);
    region_.location = std::move(location);
    region_.jurisdiction = std::move(jurisdiction);
  }
  RegionBuilder& classes(std::vector<std::string> residencyClasses) {
    region_.residencyClasses = std::move(residencyClasses);
    return *this;
  }
  RegionBuilder& storageClass(std::string name) {
    region_.weightsStorageClass = std::move(name);
    return *this;
  }
  RegionBuilder& cordoned(bool cordoned = true) {
    region_.cordoned = cordoned;
    return *this;
  }
  template <class Change>
  RegionBuilder& with(Change&& change) {
    std::forward<Change>(change)(region_);
    return *this;
  }
  api::Region obj() const { return region_; }

 private:
  api::Region region_;
};

inline RegionBuilder makeRegion(std::string name, std::string provider, std::string location,
                                std::string jurisdiction) {
  return {std::move(name), std::move(provider), std::move(location), std::move(jurisdiction)};
}

// Ready, schedulable, empty.
class NodeBuilder {
 public:
  explicit NodeBuilder(std::string name) {
    node_.meta = metaOf("Node", {"", std::move(name)});
    node_.ready = true;
  }
  NodeBuilder& label(std::string key, std::string value) {
    node_.meta.labels.set(std::move(key), std::move(value));
    return *this;
  }
  NodeBuilder& residency(const std::string& residencyClass) {
    return label("data-residency.bailiwick.dev/" + residencyClass, "true");
  }
  NodeBuilder& jurisdiction(std::string country) {
    return label("bailiwick.dev/jurisdiction", std::move(country));
  }
  NodeBuilder& region(std::string region) {
    return label("topology.kubernetes.io/region", std::move(region));
  }
  NodeBuilder& zone(std::string zone) {
    return label("topology.kubernetes.io/zone", std::move(zone));
  }
  NodeBuilder& allocatable(std::string resource, std::string quantity) {
    node_.allocatable.set(std::move(resource), std::move(quantity));
    return *this;
  }
  NodeBuilder& taint(std::string key, std::string value = "", std::string effect = "NoSchedule") {
    node_.taints.push_back({std::move(key), std::move(value), std::move(effect)});
    return *this;
  }
  NodeBuilder& cordoned(bool cordoned = true) {
    node_.unschedulable = cordoned;
    return *this;
  }
  NodeBuilder& ready(bool ready) {
    node_.ready = ready;
    return *this;
  }
  api::Node obj() const { return node_; }

 private:
  api::Node node_;
};

inline NodeBuilder makeNode(std::string name) {
  return NodeBuilder(std::move(name));
}

class PodBuilder {
 public:
  PodBuilder(std::string name, std::string ns) {
    pod_.meta = metaOf("Pod", {std::move(ns), std::move(name)});
  }
  PodBuilder& on(std::string node) {
    pod_.node = std::move(node);
    return *this;
  }
  // In thousandths: eight devices are 8000.
  PodBuilder& requests(std::string resource, std::int64_t milli) {
    pod_.requests.emplace_back(std::move(resource), milli);
    return *this;
  }
  PodBuilder& label(std::string key, std::string value) {
    pod_.meta.labels.set(std::move(key), std::move(value));
    return *this;
  }
  PodBuilder& ready(bool ready = true) {
    pod_.ready = ready;
    return *this;
  }
  PodBuilder& terminated(bool terminated = true) {
    pod_.terminated = terminated;
    return *this;
  }
  PodBuilder& deleted(api::Time time) {
    pod_.meta.deleted = time;
    return *this;
  }
  template <class Change>
  PodBuilder& with(Change&& change) {
    std::forward<Change>(change)(pod_);
    return *this;
  }
  api::Pod obj() const { return pod_; }

 private:
  api::Pod pod_;
};

inline PodBuilder makePod(std::string name, std::string ns) {
  return {std::move(name), std::move(ns)};
}

}  // namespace bailiwick::testing
