#pragma once
// ModelDeployment (bailiwick.dev/v1alpha1): what to serve, how many, where it may be. Field names and
// meanings are those of crds/modeldeployments.yaml; times and quantities are already integers.

#include <optional>
#include <string>
#include <vector>

#include "api/meta.hpp"
#include "api/time.hpp"

namespace bailiwick::api {

// Capacity units in thousandths: "1.0" is 1000.
using Units = std::int64_t;

struct EnvVar {
  std::string name;
  std::string value;
  // Set when the value comes from a Secret of the same namespace.
  struct SecretKey {
    std::string secret, key;
    bool optional = false;
    friend bool operator==(const SecretKey&, const SecretKey&) = default;
  };
  std::optional<SecretKey> fromSecret;
  friend bool operator==(const EnvVar&, const EnvVar&) = default;
};

struct EngineSpec {
  std::string name;   // a name of the catalogue
  std::string image;  // empty: the catalogue's
  std::vector<std::string> args;
  std::vector<EnvVar> env;
  friend bool operator==(const EngineSpec&, const EngineSpec&) = default;
};

struct AcceleratorSpec {
  std::string vendor;
  std::vector<std::string> products;  // empty: any of that vendor's
  int perReplica = 1;                 // devices on each node of a replica
  std::int64_t minMemoryBytes = 0;    // per device; 0: no bound
  int nodes = 1;
  friend bool operator==(const AcceleratorSpec&, const AcceleratorSpec&) = default;
};

struct ExternalSpec {
  std::string provider, baseURL, jurisdiction, apiKeySecret;
  friend bool operator==(const ExternalSpec&, const ExternalSpec&) = default;
};

struct Variant {
  std::string name;
  std::string passport;
  std::string artifact;  // empty for an external variant
  EngineSpec engine;
  AcceleratorSpec accelerator;
  std::optional<ExternalSpec> external;
  Units capacity = 1000;
  friend bool operator==(const Variant&, const Variant&) = default;
};

enum class Strategy { Spread, Pack, Cheapest };

struct PlacementSpec {
  std::vector<std::string> jurisdictions;  // countries and blocs, as written
  std::vector<std::string> dataResidency;
  std::vector<std::string> regionNames;
  Labels regionMatchLabels;
  Strategy strategy = Strategy::Spread;
  int minRegions = 1;
  std::optional<int> maxPerRegion;  // capacity units
  friend bool operator==(const PlacementSpec&, const PlacementSpec&) = default;
};

struct FailoverSpec {
  Duration suspectAfter{4000}, lostAfter{10000}, failbackAfter{600000};
  std::string onNoLegalTarget = "Hold";
  std::string onIsolation = "Hold";
  friend bool operator==(const FailoverSpec&, const FailoverSpec&) = default;
};

struct RouteLimits {
  int maxInFlight = 512, maxQueued = 256;
  Duration queueTimeout{5000}, requestTimeout{600000};
  std::int64_t maxBodyBytes = 32 << 20;
  friend bool operator==(const RouteLimits&, const RouteLimits&) = default;
};

struct RoutingSpec {
  std::string mode = "Priority";  // Priority | Weighted
  std::vector<std::pair<std::string, int>> weights;
  struct Shadow {
    std::string variant;
    int percent = 0;
    friend bool operator==(const Shadow&, const Shadow&) = default;
  };
  std::optional<Shadow> shadow;
  std::string apiKeysSecret;  // empty: no keys asked for
  RouteLimits limits;
  friend bool operator==(const RoutingSpec&, const RoutingSpec&) = default;
};

struct ExitSpec {
  bool critical = false;
  std::optional<Duration> drillEvery;
  Duration drainTimeout{600000};
  friend bool operator==(const ExitSpec&, const ExitSpec&) = default;
};

struct PodSpec {
  Labels requests, limits;  // pod.resources: resource name -> quantity, as written
  std::vector<EnvVar> env;
  Labels labels, annotations;
  std::vector<std::string> imagePullSecrets;
  std::string serviceAccountName;
  friend bool operator==(const PodSpec&, const PodSpec&) = default;
};

struct RolloutSpec {
  int maxUnavailable = 0;  // replicas of a variant
  Duration progressDeadline{1800000};
  friend bool operator==(const RolloutSpec&, const RolloutSpec&) = default;
};

struct ModelDeploymentSpec {
  std::string servedName;
  int replicas = 1;  // capacity units, whole
  PlacementSpec placement;
  std::vector<Variant> variants;  // in order of preference
  FailoverSpec failover;
  RoutingSpec routing;
  ExitSpec exit;
  int priority = 0;
  PodSpec pod;
  RolloutSpec rollout;
  bool paused = false;
  friend bool operator==(const ModelDeploymentSpec&, const ModelDeploymentSpec&) = default;
};

// Status as we write it and read it back after a restart.
struct VariantCount {
  std::string variant;
  int replicas = 0;
  friend bool operator==(const VariantCount&, const VariantCount&) = default;
};

struct VariantOffer {
  std::string variant;
  int replicas = 0;
  std::vector<std::string> pools;
  std::string reason, message;  // why none or fewer, or empty
  friend bool operator==(const VariantOffer&, const VariantOffer&) = default;
};

struct RegionEntry {
  std::string name;
  bool self = false;
  std::string health;
  std::string specHash, passportHash;
  std::optional<Time> healthSince;
  std::int64_t sequence = 0;
  int allocator = 1;
  std::vector<VariantOffer> offer;
  std::vector<VariantCount> share, ready;
  friend bool operator==(const RegionEntry&, const RegionEntry&) = default;
};

struct VariantStatus {
  std::string name;
  int assigned = 0, ready = 0;
  std::vector<std::string> pools;
  std::string podSecurity;  // restricted | baseline | privileged; empty: not known
  friend bool operator==(const VariantStatus&, const VariantStatus&) = default;
};

// One thing that it depends on, and whether it could be left now.
struct DependencyStatus {
  std::string kind, value;
  std::optional<Time> lastDrill;
  std::string verdict;               // Ready | NoAlternative | NoCapacity | NotLegal
  std::string alternative, message;  // "variant@region" where it is Ready, else what binds
  friend bool operator==(const DependencyStatus&, const DependencyStatus&) = default;
};

struct ModelDeploymentStatus {
  std::int64_t observedGeneration = 0;
  int replicas = 0;
  std::string selector;
  std::string summaryRegions, summaryVariant;
  std::vector<RegionEntry> regions;
  std::vector<VariantStatus> variants;
  std::vector<DependencyStatus> exitReadiness;
  std::string costPerHour, costCurrency;  // empty: no prices known
  std::vector<Condition> conditions;
  friend bool operator==(const ModelDeploymentStatus&, const ModelDeploymentStatus&) = default;
};

struct ModelDeployment {
  ObjectMeta meta;
  ModelDeploymentSpec spec;
  // Set when the spec could not be read: the object is kept, refused as InvalidSpec, and what runs
  // of it stays.
  std::string decodeError;
  // Of a copy (origin labels) only: another field manager that owns some of its spec. Somebody applies
  // the manifest here as well.
  std::string specManager;
  ModelDeploymentStatus status;
  friend bool operator==(const ModelDeployment&, const ModelDeployment&) = default;
};

}  // namespace bailiwick::api
