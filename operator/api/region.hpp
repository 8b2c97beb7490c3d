#pragma once
// Region (bailiwick.dev/v1alpha1): one cluster in one jurisdiction.

#include <optional>
#include <string>
#include <vector>

#include "api/meta.hpp"

namespace bailiwick::api {

struct Price {
  std::string vendor, product;
  std::int64_t perDeviceHour = 0;  // thousandths of the currency
  std::string currency;
  friend bool operator==(const Price&, const Price&) = default;
};

struct Certificate {
  std::string name;
  Time expiresAt{};
  friend bool operator==(const Certificate&, const Certificate&) = default;
};

// How its peers reach its API server.
struct Access {
  std::string server, caBundle;  // base64 of PEM
  Key credentialSecret;
  friend bool operator==(const Access&, const Access&) = default;
};

struct Gateway {
  std::string address, serverName, caBundle;  // base64 of PEM
  friend bool operator==(const Gateway&, const Gateway&) = default;
};

struct PoolStatus {
  std::string name, vendor, product;
  std::string memoryPerDevice;  // quantity, or empty when no label says it
  std::string zone;
  int nodes = 0, nodesReady = 0, devices = 0, devicesFree = 0, largestFreeOnOneNode = 0;
  std::vector<std::string> residencyClasses;
  bool eligible = true;
  std::string reason;
  friend bool operator==(const PoolStatus&, const PoolStatus&) = default;
};

// Says that an original was deleted here, to those that hold copies.
struct Tombstone {
  std::string kind, ns, name, uid;
  Time at{};
  friend bool operator==(const Tombstone&, const Tombstone&) = default;
};

// That who has seen the first records of a chain sees them go on (evidence/growth.hpp).
struct EvidenceProof {
  int from = 0;
  std::vector<std::string> path;
  friend bool operator==(const EvidenceProof&, const EvidenceProof&) = default;
};

struct EvidenceSignature {
  std::string region, key, signature;
  friend bool operator==(const EvidenceSignature&, const EvidenceSignature&) = default;
};

// How far the evidence of an order has come, for peers to countersign.
struct EvidenceHead {
  std::string order, head;
  int records = 0;
  std::vector<std::string> countersigned{};  // names of regions
  std::string root{};                        // of all records
  std::vector<EvidenceProof> proofs{};
  std::vector<EvidenceSignature> signatures{};  // of the regions in `countersigned`
  std::string uid{};  // of the order: who uses its name again begins another chain
  friend bool operator==(const EvidenceHead&, const EvidenceHead&) = default;
};

// A peer's original that is not copied here, and why.
struct RefusedImport {
  std::string origin, ns, name, reason, message;
  friend bool operator==(const RefusedImport&, const RefusedImport&) = default;
};

struct RegionStatus {
  std::string health;
  std::optional<Time> healthSince, lastHeartbeat;
  std::vector<PoolStatus> pools;
  std::string clusterUID;
  std::vector<Tombstone> tombstones;
  std::vector<EvidenceHead> evidenceHeads;
  std::vector<RefusedImport> imports;  // the first hundred
  std::vector<Condition> conditions;
  friend bool operator==(const RegionStatus&, const RegionStatus&) = default;
};

struct Region {
  ObjectMeta meta;
  std::string provider, location, jurisdiction;
  std::vector<std::string> residencyClasses;
  std::vector<Certificate> certificates;
  std::optional<Access> access;
  std::optional<Gateway> gateway;
  std::string weightsStorageClass;  // empty: emptyDir
  std::vector<std::string> egressGateways, egressWeightSources, egressProviders;  // CIDRs
  std::vector<Price> prices;
  bool cordoned = false;
  std::string decodeError;
  RegionStatus status;
  friend bool operator==(const Region&, const Region&) = default;
};

}  // namespace bailiwick::api
