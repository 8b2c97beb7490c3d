#include "api/decode_own_kind.hpp"
#include "api/decode_status.hpp"

namespace bailiwick::api {
namespace {

constexpr IntRange priceRange{0, std::numeric_limits<std::int64_t>::max()};

void readPrice(const Cursor& price, Price& out) {
  price.fields([&](std::string_view key, const Cursor& value) {
    if (key == "vendor")
      value.read(out.vendor);
    else if (key == "product")
      value.read(out.product);
    else if (key == "perDeviceHour")
      value.readThousandths(out.perDeviceHour, priceRange);
    else if (key == "currency")
      value.read(out.currency);
  });
  price.require(!out.vendor.empty(), "vendor");
}

void readCertificate(const Cursor& certificate, Certificate& out) {
  bool expires = false;
  certificate.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name") return value.read(out.name);
    if (key != "expiresAt") return;
    expires = true;
    value.read(out.expiresAt);
  });
  certificate.require(!out.name.empty(), "name");
  certificate.require(expires, "expiresAt");
}

void readAccess(const Cursor& access, Access& out) {
  access.fields([&](std::string_view key, const Cursor& value) {
    if (key == "server") return value.read(out.server);
    if (key == "caBundle") return value.read(out.caBundle);
    if (key != "credentialSecret") return;
    value.fields([&](std::string_view term, const Cursor& name) {
      if (term == "namespace") name.read(out.credentialSecret.ns);
      if (term == "name") name.read(out.credentialSecret.name);
    });
  });
  access.require(!out.server.empty(), "server");
  access.require(!out.credentialSecret.name.empty(), "credentialSecret");
}

void readGateway(const Cursor& gateway, Gateway& out) {
  gateway.fields([&](std::string_view key, const Cursor& value) {
    if (key == "address")
      value.read(out.address);
    else if (key == "serverName")
      value.read(out.serverName);
    else if (key == "caBundle")
      value.read(out.caBundle);
  });
  gateway.require(!out.address.empty(), "address");
}

void readTombstone(const Cursor& tombstone, Tombstone& out) {
  tombstone.fields([&](std::string_view key, const Cursor& value) {
    if (key == "kind")
      value.read(out.kind);
    else if (key == "namespace")
      value.read(out.ns);
    else if (key == "name")
      value.read(out.name);
    else if (key == "uid")
      value.read(out.uid);
    else if (key == "at")
      value.read(out.at);
  });
}

void readEvidenceProof(const Cursor& proof, EvidenceProof& out) {
  proof.fields([&](std::string_view key, const Cursor& value) {
    if (key == "from")
      value.read(out.from);
    else if (key == "path")
      value.read(out.path);
  });
}

void readEvidenceSignature(const Cursor& signature, EvidenceSignature& out) {
  signature.fields([&](std::string_view key, const Cursor& value) {
    if (key == "region")
      value.read(out.region);
    else if (key == "key")
      value.read(out.key);
    else if (key == "signature")
      value.read(out.signature);
  });
}

void readEvidenceHead(const Cursor& head, EvidenceHead& out) {
  head.fields([&](std::string_view key, const Cursor& value) {
    if (key == "order")
      value.read(out.order);
    else if (key == "uid")
      value.read(out.uid);
    else if (key == "head")
      value.read(out.head);
    else if (key == "records")
      value.read(out.records);
    else if (key == "countersigned")
      value.read(out.countersigned);
    else if (key == "root")
      value.read(out.root);
    else if (key == "proofs")
      value.readEach(out.proofs, readEvidenceProof);
    else if (key == "signatures")
      value.readEach(out.signatures, readEvidenceSignature);
  });
}

void readImport(const Cursor& import, RefusedImport& out) {
  import.fields([&](std::string_view key, const Cursor& value) {
    if (key == "origin")
      value.read(out.origin);
    else if (key == "namespace")
      value.read(out.ns);
    else if (key == "name")
      value.read(out.name);
    else if (key == "reason")
      value.read(out.reason);
    else if (key == "message")
      value.read(out.message);
  });
}

void readPool(const Cursor& pool, PoolStatus& out) {
  pool.fields([&](std::string_view key, const Cursor& value) {
    if (key == "name")
      value.read(out.name);
    else if (key == "vendor")
      value.read(out.vendor);
    else if (key == "product")
      value.read(out.product);
    else if (key == "memoryPerDevice")
      value.readQuantityText(out.memoryPerDevice);
    else if (key == "zone")
      value.read(out.zone);
    else if (key == "nodes")
      value.read(out.nodes);
    else if (key == "nodesReady")
      value.read(out.nodesReady);
    else if (key == "devices")
      value.read(out.devices);
    else if (key == "devicesFree")
      value.read(out.devicesFree);
    else if (key == "largestFreeOnOneNode")
      value.read(out.largestFreeOnOneNode);
    else if (key == "residencyClasses")
      value.read(out.residencyClasses);
    else if (key == "eligible")
      value.read(out.eligible);
    else if (key == "reason")
      value.read(out.reason);
  });
}

void readEgress(const Cursor& egress, Region& out) {
  egress.fields([&](std::string_view key, const Cursor& value) {
    if (key == "gateways")
      value.read(out.egressGateways);
    else if (key == "weightSources")
      value.read(out.egressWeightSources);
    else if (key == "providers")
      value.read(out.egressProviders);
  });
}

void readSpec(const Cursor& spec, Region& out) {
  spec.fields([&](std::string_view key, const Cursor& value) {
    if (key == "provider") return value.read(out.provider);
    if (key == "location") return value.read(out.location);
    if (key == "jurisdiction") return value.read(out.jurisdiction);
    if (key == "residencyClasses") return value.read(out.residencyClasses);
    if (key == "certificates") return value.readEach(out.certificates, readCertificate);
    if (key == "access") return readAccess(value, out.access.emplace());
    if (key == "gateway") return readGateway(value, out.gateway.emplace());
    if (key == "egress") return readEgress(value, out);
    if (key == "prices") return value.readEach(out.prices, readPrice);
    if (key == "cordoned") return value.read(out.cordoned);
    if (key != "weights") return;
    value.fields([&](std::string_view term, const Cursor& name) {
      if (term == "storageClass") name.read(out.weightsStorageClass);
    });
  });
  spec.require(!out.provider.empty(), "provider");
  spec.require(!out.jurisdiction.empty(), "jurisdiction");
}

void readStatus(const Cursor& status, RegionStatus& out) {
  status.fields([&](std::string_view key, const Cursor& value) {
    if (key == "health")
      value.read(out.health);
    else if (key == "healthSince")
      value.read(out.healthSince);
    else if (key == "lastHeartbeat")
      value.read(out.lastHeartbeat);
    else if (key == "pools")
      value.readEach(out.pools, readPool);
    else if (key == "clusterUID")
      value.read(out.clusterUID);
    else if (key == "tombstones")
      value.readEach(out.tombstones, readTombstone);
    else if (key == "evidenceHeads")
      value.readEach(out.evidenceHeads, readEvidenceHead);
    else if (key == "imports")
      value.readEach(out.imports, readImport);
    else if (key == "conditions")
      value.readEach(out.conditions, readCondition);
  });
}

}  // namespace

RegionStatus readRegionStatus(simdjson::dom::element status) {
  return readOwnStatus<RegionStatus>(status, readStatus);
}

Result<Region> decodeRegion(simdjson::dom::element json) {
  Region out;
  const Result<Envelope> parts = readEnvelope(json, "Region", Nulls::Refuse, out.meta);
  if (!parts) return tl::unexpected(parts.error());
  readOwnSpec(*parts, out, readSpec);
  if (parts->status) out.status = readRegionStatus(*parts->status);
  return out;
}

}  // namespace bailiwick::api
