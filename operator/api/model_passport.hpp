#pragma once
// ModelPassport (bailiwick.dev/v1alpha1): where a model comes from, its artifacts, its evidence.

#include <optional>
#include <string>
#include <vector>

#include "api/meta.hpp"

namespace bailiwick::api {

struct Parent {
  std::string name, country;
  friend bool operator==(const Parent&, const Parent&) = default;
};

struct Organisation {
  std::string name, country;
  std::optional<Parent> parent{};  // who controls it
  friend bool operator==(const Organisation&, const Organisation&) = default;
};

enum class SourceType { OCI, HuggingFace, ModelScope, HTTP, PVC, Image };

// OpenSSF Model Signing.
struct Signature {
  std::string type, publicKey, uri;
  friend bool operator==(const Signature&, const Signature&) = default;
};

// Hardware on which an artifact was seen to work. No products: any of that vendor's.
struct VerifiedHardware {
  std::string vendor;
  std::vector<std::string> products;
  friend bool operator==(const VerifiedHardware&, const VerifiedHardware&) = default;
};

struct Artifact {
  std::string name, precision;
  SourceType sourceType = SourceType::OCI;
  std::string uri;
  std::string sizeGiB;  // decimal as written, or empty
  std::string digest;   // of MANIFEST.sha256, or empty
  std::optional<Signature> signature;
  std::vector<VerifiedHardware> verifiedOn;
  friend bool operator==(const Artifact&, const Artifact&) = default;
};

struct Endpoint {
  std::string provider, baseURL, jurisdiction;
  std::vector<std::string> residencyClasses;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Evidence {
  std::string type, result;
  std::optional<Time> issuedAt, expiresAt;
  std::string reference{}, digest{}, issuer{};
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

struct Ancestor {
  std::string passport;  // or, without one, the family and publisher
  std::string family;
  Organisation publisher;
  friend bool operator==(const Ancestor&, const Ancestor&) = default;
};

// Status as we write it and read it back after a restart.
struct ModelPassportStatus {
  std::int64_t observedGeneration = 0;
  std::optional<Time> nextExpiry;  // to the second
  int usedBy = 0;                  // ModelDeployments
  std::vector<Condition> conditions;
  friend bool operator==(const ModelPassportStatus&, const ModelPassportStatus&) = default;
};

struct ModelPassport {
  ObjectMeta meta;
  Organisation publisher;
  std::string family, model, version;
  std::string parametersBillion;  // decimal as written, or empty
  int contextTokens = 0;          // 0: not told
  std::string originCountry;
  std::string openness;  // OpenSource | OpenWeight | API
  std::string licence;
  std::vector<std::string> restrictions;  // of the licence
  std::vector<Artifact> artifacts;
  std::vector<Endpoint> endpoints;
  std::vector<Ancestor> derivedFrom;
  std::vector<Evidence> evidence;
  std::string decodeError;
  ModelPassportStatus status;

  const Artifact* artifact(std::string_view name) const;
  friend bool operator==(const ModelPassport&, const ModelPassport&) = default;
};

}  // namespace bailiwick::api
