#include <array>

#include "api/decode_own_kind.hpp"
#include "api/decode_status.hpp"

namespace bailiwick::api {
namespace {

// An Organisation, or its Parent, which has no parent of its own.
template <class Body>
void readOrganisation(const Cursor& organisation, Body& out) {
  organisation.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name") return value.read(out.name);
    if (key == "country") return value.read(out.country);
    if constexpr (requires { out.parent; }) {
      if (key == "parent") readOrganisation(value, out.parent.emplace());
    }
  });
  organisation.require(!out.name.empty(), "name");
  organisation.require(!out.country.empty(), "country");
}

void readModel(const Cursor& model, ModelPassport& out) {
  model.fields([&](std::string_view key, const Cursor& value) {
    if (key == "family")
      value.read(out.family);
    else if (key == "name")
      value.read(out.model);
    else if (key == "version")
      value.read(out.version);
    else if (key == "parametersBillion")
      value.read(out.parametersBillion);
    else if (key == "contextTokens")
      value.read(out.contextTokens);
  });
}

void readOpenness(const Cursor& openness, std::string& out) {
  openness.read(out);
  if (out != "OpenSource" && out != "OpenWeight" && out != "API")
    openness.refuse("must be OpenSource, OpenWeight or API");
}

void readSourceType(const Cursor& type, SourceType& out) {
  static constexpr std::array<std::pair<std::string_view, SourceType>, 6> known{
      {{"OCI", SourceType::OCI},
       {"HuggingFace", SourceType::HuggingFace},
       {"ModelScope", SourceType::ModelScope},
       {"HTTP", SourceType::HTTP},
       {"PVC", SourceType::PVC},
       {"Image", SourceType::Image}}};
  std::string text;
  type.read(text);
  for (const auto& [name, value] : known) {
    if (text != name) continue;
    out = value;
    return;
  }
  type.refuse("must be OCI, HuggingFace, ModelScope, HTTP, PVC or Image");
}

void readSource(const Cursor& source, Artifact& out) {
  bool typed = false;
  source.fields([&](std::string_view key, const Cursor& value) {
    if (key == "uri") return value.read(out.uri);
    if (key != "type") return;
    typed = true;
    readSourceType(value, out.sourceType);
  });
  source.require(typed, "type");
  source.require(!out.uri.empty(), "uri");
}

void readSignature(const Cursor& signature, Signature& out) {
  signature.fields([&](std::string_view key, const Cursor& value) {
    if (key == "type")
      value.read(out.type);
    else if (key == "publicKey")
      value.read(out.publicKey);
    else if (key == "uri")
      value.read(out.uri);
  });
  signature.require(!out.type.empty(), "type");
  signature.require(!out.publicKey.empty(), "publicKey");
}

void readHardware(const Cursor& hardware, VerifiedHardware& out) {
  hardware.fields([&](std::string_view key, const Cursor& value) {
    if (key == "vendor")
      value.read(out.vendor);
    else if (key == "products")
      value.read(out.products);
  });
  hardware.require(!out.vendor.empty(), "vendor");
}

void readArtifact(const Cursor& artifact, Artifact& out) {
  bool source = false;
  artifact.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name") return value.read(out.name);
    if (key == "precision") return value.read(out.precision);
    if (key == "sizeGiB") return value.read(out.sizeGiB);
    if (key == "digest") return value.read(out.digest);
    if (key == "signature") return readSignature(value, out.signature.emplace());
    if (key == "verifiedOn") return value.readEach(out.verifiedOn, readHardware);
    if (key != "source") return;
    source = true;
    readSource(value, out);
  });
  artifact.require(!out.name.empty(), "name");
  artifact.require(source, "source");
}

void readEndpoint(const Cursor& endpoint, Endpoint& out) {
  endpoint.fields([&](std::string_view key, const Cursor& value) {
    if (key == "provider")
      value.read(out.provider);
    else if (key == "baseURL")
      value.read(out.baseURL);
    else if (key == "jurisdiction")
      value.read(out.jurisdiction);
    else if (key == "residencyClasses")
      value.read(out.residencyClasses);
  });
  endpoint.require(!out.provider.empty(), "provider");
  endpoint.require(!out.baseURL.empty(), "baseURL");
  endpoint.require(!out.jurisdiction.empty(), "jurisdiction");
}

void readEvidence(const Cursor& evidence, Evidence& out) {
  evidence.fields([&](std::string_view key, const Cursor& value) {
    if (key == "type")
      value.read(out.type);
    else if (key == "result")
      value.read(out.result);
    else if (key == "reference")
      value.read(out.reference);
    else if (key == "digest")
      value.read(out.digest);
    else if (key == "issuer")
      value.read(out.issuer);
    else if (key == "issuedAt")
      value.read(out.issuedAt);
    else if (key == "expiresAt")
      value.read(out.expiresAt);
  });
  evidence.require(!out.type.empty(), "type");
}

void readAncestor(const Cursor& ancestor, Ancestor& out) {
  ancestor.fields([&](std::string_view key, const Cursor& value) {
    if (key == "passport")
      value.read(out.passport);
    else if (key == "family")
      value.read(out.family);
    else if (key == "publisher")
      readOrganisation(value, out.publisher);
  });
  if (out.passport.empty() && out.family.empty() && out.publisher.name.empty())
    ancestor.refuse("must name a passport, or a family and its publisher");
}

void readSpec(const Cursor& spec, ModelPassport& out) {
  spec.fields([&](std::string_view key, const Cursor& value) {
    if (key == "publisher") return readOrganisation(value, out.publisher);
    if (key == "model") return readModel(value, out);
    if (key == "originCountry") return value.read(out.originCountry);
    if (key == "openness") return readOpenness(value, out.openness);
    if (key == "artifacts") return value.readEach(out.artifacts, readArtifact);
    if (key == "endpoints") return value.readEach(out.endpoints, readEndpoint);
    if (key == "derivedFrom") return value.readEach(out.derivedFrom, readAncestor);
    if (key == "evidence") return value.readEach(out.evidence, readEvidence);
    if (key != "licence") return;
    value.fields([&](std::string_view term, const Cursor& what) {
      if (term == "id") what.read(out.licence);
      if (term == "restrictions") what.read(out.restrictions);
    });
  });
  spec.require(!out.publisher.name.empty(), "publisher");
  spec.require(!out.originCountry.empty(), "originCountry");
  spec.require(!out.openness.empty(), "openness");
  spec.require(!out.licence.empty(), "licence.id");
}

void readStatus(const Cursor& status, ModelPassportStatus& out) {
  status.fields([&](std::string_view key, const Cursor& value) {
    if (key == "observedGeneration")
      value.read(out.observedGeneration);
    else if (key == "nextExpiry")
      value.read(out.nextExpiry);
    else if (key == "usedBy")
      value.read(out.usedBy);
    else if (key == "conditions")
      value.readEach(out.conditions, readCondition);
  });
}

}  // namespace

ModelPassportStatus readPassportStatus(simdjson::dom::element status) {
  return readOwnStatus<ModelPassportStatus>(status, readStatus);
}

Result<ModelPassport> decodeModelPassport(simdjson::dom::element json) {
  ModelPassport out;
  const Result<Envelope> parts = readEnvelope(json, "ModelPassport", Nulls::Refuse, out.meta);
  if (!parts) return tl::unexpected(parts.error());
  readOwnSpec(*parts, out, readSpec);
  if (parts->status) out.status = readPassportStatus(*parts->status);
  return out;
}

}  // namespace bailiwick::api
